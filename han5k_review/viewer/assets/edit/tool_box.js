// @ts-check
// The tools of the edit panel: drawing, brushes, what works at once, steps back, and what is noticed.

import { h, press, setText } from "../panels/dom.js";
import { actionButton, numberField } from "./controls.js";
import { PromptPanel } from "./prompt_panel.js";
import { SmartPanel } from "./smart_panel.js";
import { isPolygon } from "./tools.js";

/** @import { Act } from "../workspace_parts.js" */
/** @import { Editor } from "./editor.js" */

const DRAW = [
  ["brush", "Brush"],
  ["eraser", "Eraser"],
  ["push", "Push"],
  ["freehand-add", "Draw +"],
  ["freehand-cut", "Draw −"],
  ["polygon-add", "Poly +"],
  ["polygon-cut", "Poly −"],
];
const AT_ONCE = [
  ["fill-holes", "Holes"],
  ["islands", "Islands"],
  ["grow", "Grow"],
  ["shrink", "Shrink"],
  ["smooth", "Smooth"],
  ["revert", "Revert"],
];
const SLICES = [
  ["copy-below", "Copy ↓"],
  ["copy-above", "Copy ↑"],
  ["fill-between", "Interpolate"],
];
const HU_RANGE = { min: -1024, max: 3071, step: 1 };

export class ToolBox {
  /** @param {{ editor: Editor, act: Act, focus: () => void }} parts */
  constructor({ editor, act, focus }) {
    this.editor = editor;
    this.act = act;
    this.focus = focus;
    /** @type {Record<string, HTMLButtonElement>} by action */
    this.buttons = {};
    this.advice = h("ul", { class: "warnings quiet", role: "status", "data-testid": "edit-advice" });
    this.size = h("output", { "data-testid": "brush-size" });
    this.mm = this.number("edit-mm", "Millimetres", { min: 0.5, max: 20, step: 0.5 }, (mm) =>
      editor.set({ mm }),
    );
    this.low = this.number("edit-hu-low", "Lowest HU", HU_RANGE, (low) =>
      editor.set({ hu: [low, editor.options.hu[1]] }),
    );
    this.high = this.number("edit-hu-high", "Highest HU", HU_RANGE, (high) =>
      editor.set({ hu: [editor.options.hu[0], high] }),
    );
    this.range = h("span", { class: "line", hidden: true }, this.low, "to", this.high, "HU");
    /** Its place is beside what ends the edit, so that it is never out of sight. */
    this.steps = [this.button("undo", "Undo"), this.button("redo", "Redo")];
    this.close = this.button("close-polygon", "Close polygon");
    this.smart = new SmartPanel({ editor, act, focus });
    this.prompts = new PromptPanel({ editor, act, focus });
    /** @param {HTMLElement[]} children */
    const group = (...children) => h("div", { class: "tools" }, ...children);
    this.root = h(
      "div",
      { class: "grading", hidden: true },
      this.prompts.root,
      group(...DRAW.map(([tool, word]) => this.button(tool, word)), this.close),
      h(
        "div",
        { class: "line" },
        this.button("brush-smaller", "−"),
        this.size,
        this.button("brush-larger", "+"),
        this.button("ball", "3-D"),
      ),
      h(
        "div",
        { class: "line" },
        this.button("whole", "Whole"),
        this.mm,
        h("span", { class: "spring" }, "mm"),
        this.button("hu-limit", "HU"),
      ),
      this.range,
      group(
        ...AT_ONCE.map(([tool, word]) => this.button(tool, word)),
        ...SLICES.map(([tool, word]) => this.button(tool, word)),
        this.button("combine", "Combine"),
      ),
      this.smart.root,
      this.advice,
    );
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  button(action, word) {
    const button = actionButton(action, word, "", this.act);
    this.buttons[action] = button;
    return button;
  }

  /**
   * @param {string} testid
   * @param {string} label
   * @param {{ min: number, max: number, step: number }} range
   * @param {(number: number) => void} take
   */
  number(testid, label, range, take) {
    return numberField({ testid, label, range, take, restore: () => this.update(), leave: this.focus });
  }

  update() {
    const { options, history } = this.editor;
    for (const [tool] of DRAW) press(this.buttons[tool], options.tool === tool);
    this.close.hidden = !isPolygon(options.tool);
    press(this.buttons.ball, options.ball);
    press(this.buttons["hu-limit"], options.huLimited);
    press(this.buttons.whole, options.whole);
    this.range.hidden = !options.huLimited;
    setText(this.size, `${options.sizeMm} mm`);
    for (const { input, value } of [
      { input: this.mm, value: options.mm },
      { input: this.low, value: options.hu[0] },
      { input: this.high, value: options.hu[1] },
    ]) {
      if (!input.matches(":focus")) input.value = String(value);
    }
    this.buttons.undo.disabled = !history.done.length;
    this.buttons.redo.disabled = !history.undone.length;
    this.smart.update();
    this.prompts.update();
    this.sayAdvice();
  }

  sayAdvice() {
    const { sentences } = this.editor.advisor;
    if (this.advice.dataset.said === sentences.join()) return;
    this.advice.dataset.said = sentences.join();
    this.advice.replaceChildren(...sentences.map((sentence) => h("li", {}, sentence)));
  }
}
