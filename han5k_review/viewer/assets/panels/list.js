// @ts-check
// The structure list: search, order, grade marks, warnings, eye and solo.

import { doneWord } from "../drawing.js";
import { shortKey } from "../keyboard.js";
import { levelOf } from "../pure/colours.js";
import { DOUBTFUL } from "../pure/filters.js";
import { tooltip } from "../pure/keymap.js";
import { isEmpty } from "../pure/masks.js";
import { h, icon, press, setText } from "./dom.js";
import { FilterButton } from "./filter_button.js";
import { makeRow } from "./list_row.js";

/** @import { StructureStates } from "../edit/structure_states.js" */
/** @import { GradeEntry } from "../net/grade_queue.js" */
/** @import { PanelParts } from "../workspace_parts.js" */
/** @import { Row } from "./list_row.js" */

const LOCK = "M4 7.5h8v6H4zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5";
const DRAFT = "M3 13l.8-3L11 2.8l2.2 2.2L6 12.2z";

export class StructureList {
  /** @param {PanelParts & { states: StructureStates }} parts */
  constructor({ reading, grader, states, act, focus }) {
    this.reading = reading;
    this.grader = grader;
    this.states = states;
    this.act = act;
    this.search = h("input", {
      type: "search",
      placeholder: "Search",
      "aria-label": "Search structures",
      "data-testid": "search",
      "data-action": "search",
      title: tooltip("search"),
      oninput: () => reading.change({ search: this.search.value }, "list"),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== "Enter" && event.key !== "Escape") return;
        const [first] = reading.listed();
        if (event.key === "Enter" && this.search.value && first) act("choose", first.name);
        this.search.value = "";
        reading.change({ search: "" }, "list");
        focus();
        event.stopPropagation();
      },
    });
    this.order = h("button", {
      class: "quiet",
      type: "button",
      "data-testid": "order",
      title: "Order of the list",
      onclick: () => act("order"),
    });
    this.filter = new FilterButton({ reading, grader, act });
    this.rows = h("div", {
      class: "rows",
      role: "grid", // rows hold a button each, which no option of a listbox may
      "aria-label": "Structures",
      tabindex: "0",
      "data-testid": "structures",
    });
    this.none = h("p", { class: "dim none", hidden: true });
    this.solo = this.button("solo", "Solo");
    this.outlines = this.button("outlines", "All");
    this.acceptRest = h(
      "button",
      {
        class: "quiet wide",
        type: "button",
        "data-action": "accept-rest",
        title: tooltip("accept-rest"),
        onclick: () => act("accept-rest"),
      },
      "Accept the rest ",
      h("kbd", { "data-key": "accept-rest" }, shortKey("accept-rest")),
    );
    this.grading = h(
      "div",
      { class: "list-grading" },
      h(
        "button",
        {
          class: "loud wide",
          type: "button",
          "data-action": "next-ungraded",
          "data-testid": "next-ungraded",
          title: tooltip("next-ungraded"),
          onclick: () => act("next-ungraded"),
        },
        reading.data.manual ? "Next to draw " : reading.data.choice ? "Next open " : "Next ungraded ",
        h("kbd", { "data-key": "next-ungraded" }, shortKey("next-ungraded")),
      ),
      this.acceptRest,
    );
    this.root = h(
      "nav",
      { class: "list", "aria-label": "Structures" },
      h("div", { class: "list-head" }, this.search, this.order),
      this.filter.root,
      this.rows,
      this.none,
      h(
        "div",
        { class: "list-foot" },
        this.button("previous-structure", "‹ Previous"),
        this.button("next-structure", "Next ›"),
      ),
      h("div", { class: "list-foot" }, this.button("visible", "Hide"), this.solo, this.outlines),
      this.grading,
    );
    this.grading.hidden = grader.readOnly;
    if (reading.data.manual) this.acceptRest.hidden = true;
    /** @type {Map<string, Row>} */
    this.byName = new Map(reading.structures.map((s) => [s.name, makeRow(s, act)]));
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  button(action, word) {
    return h(
      "button",
      { type: "button", "data-action": action, title: tooltip(action), onclick: () => this.act(action) },
      word,
    );
  }

  enterSearch() {
    this.search.focus();
    this.search.select();
  }

  update() {
    const { reading, grader } = this;
    const listed = reading.listed();
    const wanted = listed.map((s) => this.rowOf(s.name).row);
    if (
      wanted.length !== this.rows.children.length ||
      wanted.some((row, n) => this.rows.children[n] !== row)
    ) {
      this.rows.replaceChildren(...wanted);
    }
    this.none.hidden = listed.length > 0;
    setText(this.none, reading.state.search ? "No structure of that name." : "No such structure.");
    this.filter.update();
    const isDoubtful = reading.state.filter === DOUBTFUL && !reading.state.search;
    this.rows.classList.toggle("reasons", isDoubtful);
    setText(this.order, `↕ ${reading.state.order}`);
    press(this.solo, reading.state.solo);
    press(this.outlines, reading.state.outlines);
    const kept = grader.queue.asideByName(grader.url);
    for (const { name } of listed) this.updateRow(name, kept.get(name));
    this.reveal();
  }

  /**
   * @param {string} name
   * @returns {Row}
   */
  rowOf(name) {
    const row = this.byName.get(name);
    if (!row) throw new TypeError(`A structure of this case was expected, found ${name}.`);
    return row;
  }

  /**
   * @param {string} name
   * @param {GradeEntry} [kept] its grade that could not be stored
   */
  updateRow(name, kept) {
    const { reading, grader } = this;
    const { row, mark, eye } = this.rowOf(name);
    const chosen = name === reading.state.selected;
    const grade = grader.grades.get(name);
    row.setAttribute("aria-selected", chosen ? "true" : "false");
    row.classList.toggle("off", !reading.isShown(name));
    const missing = reading.data.manual ? "" : this.missing(name);
    row.classList.toggle("empty", Boolean(missing));
    eye.style.setProperty("--colour", reading.colours.get(name) ?? null);
    press(eye, reading.isShown(name));
    this.updateState(name);
    const said = `${grade?.code ?? ""}|${grade?.pending ? "pending" : ""}|${missing}|${kept?.reason ?? ""}`;
    if (mark.dataset.said === said) return;
    mark.dataset.said = said;
    const scaled = reading.data.scale.grades.find((one) => one.code === grade?.code);
    const level = scaled ? levelOf(scaled.level) : null;
    mark.replaceChildren(
      ...(scaled && level ? [h("b", {}, scaled.key), icon(level.shape)] : [missing || "–"]),
    );
    mark.style.color = level?.colour ?? "";
    mark.classList.toggle("pending", Boolean(grade?.pending));
    row.dataset.unsaved = kept ? "true" : "";
    if (kept) mark.prepend(h("b", { class: "unsaved-mark", role: "img", "aria-label": "not saved" }, "!"));
    const before = kept ? `Not saved: ${kept.reason}\n` : "";
    mark.title =
      before +
      (scaled
        ? `${scaled.title}${grade?.pending ? ", not confirmed yet" : ""}`
        : missing
          ? { empty: "The mask is empty", none: "There is no contour of it here" }[missing]
          : { drawn: "To be drawn", chosen: "No choice yet", graded: "Not graded" }[doneWord(reading.data)]);
    row.dataset.grade = grade?.code ?? "";
  }

  /**
   * What there is nothing of to look at: an `empty` mask, or `none` in this set, as where one reader's own
   * contours are decided; "" where there is a contour, or none has come yet.
   * @param {string} name
   * @returns {"empty" | "none" | ""}
   */
  missing(name) {
    const { reading } = this;
    if (!reading.masksOf(reading.reviewed)) return "";
    const mask = reading.mask(name);
    if (!mask) return "none";
    return isEmpty(mask) ? "empty" : "";
  }

  /**
   * A lock for what was accepted, a pen for one's own open draft; the reason is in the tooltip.
   * @param {string} name
   */
  updateState(name) {
    const { stateMark } = this.rowOf(name);
    const lock = this.states.lockOf(name);
    const words = lock || this.states.draftOf(name);
    if (stateMark.title === words) return;
    stateMark.title = words;
    stateMark.setAttribute("aria-label", words);
    stateMark.dataset.kind = lock ? "locked" : words ? "draft" : "";
    stateMark.hidden = !words;
    stateMark.replaceChildren(...(words ? [icon(lock ? LOCK : DRAFT)] : []));
  }

  /** Keeps the chosen row in sight without moving the page. */
  reveal() {
    const chosen = this.byName.get(this.reading.state.selected ?? "")?.row;
    if (!chosen?.isConnected) return;
    this.rows.setAttribute("aria-activedescendant", chosen.id);
    const row = chosen.getBoundingClientRect();
    const box = this.rows.getBoundingClientRect();
    // One row of context above and below, so that the next structure is in sight.
    const above = row.top - row.height - box.top;
    const below = row.bottom + row.height - box.bottom;
    if (above < 0) this.rows.scrollTop += above;
    else if (below > 0) this.rows.scrollTop += below;
  }
}
