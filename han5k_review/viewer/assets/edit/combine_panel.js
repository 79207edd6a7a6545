// @ts-check
// Tools that need more than the contour in hand: another structure, the skin, margins of their own on each
// side.

import { h, onClosed, setText } from "../panels/dom.js";
import { isEmpty } from "../pure/masks.js";
import { combine } from "./combine_actions.js";
import { numberField } from "./controls.js";

/** @import { Reading } from "../reading.js" */
/** @import { Combination } from "./combine_actions.js" */
/** @import { Editor } from "./editor.js" */
/** @import { Margins } from "./combining.js" */

const SIDES = /** @type {(keyof Margins)[]} */ ([
  ...["left", "right", "anterior"],
  ...["posterior", "superior", "inferior"],
]);
const RANGE = { min: 0, max: 20, step: 0.5 };

export class CombinePanel {
  /** @param {{ reading: Reading, editor: Editor, focus: () => void }} parts */
  constructor({ reading, editor, focus }) {
    this.reading = reading;
    this.editor = editor;
    this.mm = 0;
    /** @type {Margins} */
    this.margins = { left: 0, right: 0, anterior: 0, posterior: 0, superior: 0, inferior: 0 };
    this.title = h("h2", {});
    this.others = h("select", { "aria-label": "Other structure", "data-testid": "combine-with" });
    this.distance = this.number("combine-mm", "Distance kept, mm", this.mm, (mm) => {
      this.mm = mm;
    });
    const sides = SIDES.map((side) =>
      h(
        "label",
        { class: "margin" },
        `${side[0].toUpperCase()}${side.slice(1)}`,
        this.number(`margin-${side}`, `Margin ${side}, mm`, this.margins[side], (mm) => {
          this.margins[side] = mm;
        }),
      ),
    );
    this.root = h(
      "dialog",
      { class: "help combine", "aria-label": "Combine and margins", "data-testid": "combine" },
      h(
        "div",
        { class: "help-head" },
        this.title,
        h("button", { type: "button", onclick: () => this.root.close(), title: "Close (Escape)" }, "Close"),
      ),
      h("p", { class: "dim" }, "Each works on the whole structure and is one step that Undo takes back."),
      h("h3", {}, "Another structure"),
      h("div", { class: "line" }, this.others, "distance", this.distance, "mm"),
      h(
        "div",
        { class: "line" },
        this.button("subtract", "Take it away"),
        this.button("keep-inside", "Keep only what is inside it"),
        this.button("add-other", "Add it"),
      ),
      h("h3", {}, "The skin"),
      h("div", { class: "line" }, this.button("crop-skin", "Keep only what is inside the skin")),
      h(
        "p",
        { class: "dim" },
        "With the distance above: so far from the other structure, or below the skin.",
      ),
      h("h3", {}, "A margin of its own on each side, in mm"),
      h("div", { class: "margins" }, ...sides),
      h("div", { class: "line" }, this.button("margin-grow", "Grow"), this.button("margin-shrink", "Shrink")),
    );
    onClosed(this.root, focus);
  }

  /**
   * @param {Combination} tool
   * @param {string} word
   */
  button(tool, word) {
    return h("button", { type: "button", "data-testid": tool, onclick: () => this.apply(tool) }, word);
  }

  /**
   * @param {string} testid
   * @param {string} label
   * @param {number} value
   * @param {(mm: number) => void} take
   */
  number(testid, label, value, take) {
    let last = value;
    const input = numberField({
      testid,
      label,
      range: RANGE,
      take: (mm) => {
        last = mm;
        take(mm);
      },
      restore: () => {
        input.value = String(last);
      },
      leave: () => {},
    });
    input.value = String(value);
    return input;
  }

  toggle() {
    if (this.root.open) {
      this.root.close();
      return;
    }
    const { reading } = this;
    const { selected } = reading.state;
    setText(this.title, `Combine and margins: ${reading.byName.get(selected ?? "")?.title ?? ""}`);
    const before = this.others.value;
    const names = nearestFirst(reading, selected);
    this.others.replaceChildren(
      ...names.map((name) => h("option", { value: name }, reading.byName.get(name)?.title ?? name)),
    );
    if (names.includes(before)) this.others.value = before;
    this.root.showModal();
  }

  hide() {
    if (this.root.open) this.root.close();
  }

  /** @param {Combination} tool */
  apply(tool) {
    this.hide();
    combine(this.editor, tool, { other: this.others.value || null, mm: this.mm, margins: this.margins });
  }
}

/**
 * Other structures that have a contour, those whose box is nearest to the chosen one's first.
 * @param {Reading} reading
 * @param {string | null} selected
 * @returns {string[]}
 */
function nearestFirst(reading, selected) {
  const own = reading.mask(selected);
  const spacing = reading.volume?.spacing ?? [1, 1, 1];
  /** @param {string} name */
  const gapTo = (name) => {
    const mask = reading.mask(name);
    if (isEmpty(mask) || isEmpty(own)) return Infinity;
    const gaps = spacing.map((step, axis) => {
      const [low, end] = [mask.start[axis], mask.start[axis] + mask.shape[axis]];
      return step * Math.max(0, low - own.start[axis] - own.shape[axis], own.start[axis] - end);
    });
    return Math.hypot(...gaps);
  };
  return reading.structures
    .map(({ name }) => name)
    .filter((name) => name !== selected && !isEmpty(reading.mask(name)))
    .map((name) => ({ name, gap: gapTo(name) }))
    .sort((one, other) => one.gap - other.gap)
    .map(({ name }) => name);
}
