// @ts-check
// The right panel's middle part: edit the chosen structure, tools, figures, submit.

import { h, press, setText } from "../panels/dom.js";
import { AsidePanel } from "./aside_panel.js";
import { actionButton, numberField, wordButton } from "./controls.js";
import { sayFigures } from "./draft_words.js";
import { discardEdit } from "./finishing.js";
import { isPolygon } from "./tools.js";

/** @import { Reading } from "../reading.js" */
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
  ["fill-between", "Between"],
];
const HU_RANGE = { min: -1024, max: 3071, step: 1 };
const QUESTIONS = {
  discard: "Discard this draft? Its strokes are no longer shown anywhere.",
  aside: "Discard the strokes that no longer fit? They are kept nowhere else.",
};
export class EditPanel {
  /** @param {{ reading: Reading, editor: Editor, act: (action: string) => void, focus: () => void }} parts */
  constructor({ reading, editor, act, focus }) {
    this.reading = reading;
    this.editor = editor;
    this.act = act;
    this.focus = focus;
    /** @type {string | null} the structure that was chosen last */
    this.of = null;
    /** @type {Record<string, HTMLButtonElement>} by action */
    this.buttons = {};
    this.enter = this.button("edit", "Edit this structure", "wide");
    this.state = h("p", {
      class: "save",
      "data-testid": "edit-state",
      role: "status",
      "aria-live": "polite",
    });
    this.alert = h("p", { class: "alert", role: "alert", hidden: true, "data-testid": "edit-alert" });
    this.advice = h("ul", { class: "warnings quiet", role: "status", "data-testid": "edit-advice" });
    this.aside = new AsidePanel(editor, (...what) => this.word(...what));
    this.takeOver = this.word("edit-take-over", "Take over here", () => editor.enter(true));
    this.figures = h("p", { class: "figures", "data-testid": "edit-figures", role: "status" });
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
    this.close = this.button("close-polygon", "Close polygon");
    this.words = h("p", {});
    this.ask = h(
      "div",
      { class: "alert", role: "alertdialog", hidden: true, "data-testid": "edit-question" },
      this.words,
      this.word("edit-confirm", "Yes, do it", () => this.confirm()),
      this.word("edit-decline", "Back to editing", () => this.decline()),
    );
    /** @param {HTMLElement[]} children */
    const group = (...children) => h("div", { class: "tools" }, ...children);
    this.tools = h(
      "div",
      { class: "grading", hidden: true },
      group(...DRAW.map(([tool, word]) => this.button(tool, word)), this.close),
      h(
        "div",
        { class: "line" },
        this.button("brush-smaller", "−"),
        this.size,
        this.button("brush-larger", "+"),
        this.button("ball", "3-D"),
        this.button("hu-limit", "HU"),
      ),
      this.range,
      h("div", { class: "line" }, this.button("whole", "Whole"), this.mm, "mm"),
      group(
        ...AT_ONCE.map(([tool, word]) => this.button(tool, word)),
        ...SLICES.map(([tool, word]) => this.button(tool, word)),
      ),
      group(this.button("undo", "Undo"), this.button("redo", "Redo")),
      this.advice,
    );
    // Above the tools, and before all that comes and goes: its place never changes, its keys stay in sight.
    this.finish = h(
      "div",
      { class: "line", hidden: true },
      this.button("submit-edit", "Submit", "loud"),
      this.word("edit-discard", "Discard", () => this.askDiscard()),
    );
    this.root = h(
      "section",
      { class: "edit-panel", "aria-label": "Edit the structure", "data-testid": "edit-panel" },
      this.enter,
      this.finish,
      this.figures,
      this.state,
      this.ask,
      this.tools,
      this.takeOver,
      this.aside.root,
      this.alert,
    );
    this.root.hidden = editor.readOnly;
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  button(action, word, kind = "") {
    const button = actionButton(action, word, kind, this.act);
    this.buttons[action] = button;
    return button;
  }

  /**
   * @param {string} testid
   * @param {string} text
   * @param {() => void} onclick
   */
  word(testid, text, onclick) {
    return wordButton(testid, text, onclick, this.focus);
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

  askDiscard() {
    this.editor.asking = "discard";
    this.update();
  }

  confirm() {
    const { asking } = this.editor;
    this.decline();
    if (asking === "discard") discardEdit(this.editor);
    else this.editor.aside.drop();
  }

  decline() {
    this.editor.asking = null;
    this.update();
  }

  update() {
    const { editor } = this;
    const { session, options, active } = editor;
    const busy = session.state !== "closed";
    const { selected } = this.reading.state;
    if (this.of !== selected) {
      editor.notice = "";
      editor.asking = null;
    }
    this.of = selected;
    const lock = editor.states.lockOf(selected);
    press(this.enter, busy);
    this.enter.disabled = !busy && lock !== "";
    setText(
      this.enter.lastChild,
      active ? " Leave editing" : busy ? " Cancel editing" : lock ? " Locked" : " Edit this structure",
    );
    this.root.dataset.saved = String(session.saved ?? "");
    const { word, tone, sentence } = session.saying();
    const { waiting } = session;
    setText(this.state, busy || waiting ? word : "");
    this.state.className = `save ${tone}`;
    this.state.hidden = !busy && !waiting;
    const said = (busy || tone === "bad" ? sentence : "") || editor.notice || lock;
    setText(this.alert, said);
    this.alert.className = `alert ${busy ? tone : ""}`;
    this.alert.hidden = !said;
    this.takeOver.hidden = session.state !== "held";
    this.tools.hidden = this.finish.hidden = this.figures.hidden = !active;
    this.aside.update();
    this.sayQuestion();
    this.root.parentElement?.classList.toggle("editing", active);
    if (!active) return;
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
    this.buttons.undo.disabled = !editor.history.done.length;
    this.buttons.redo.disabled = !editor.history.undone.length;
    this.sayFigures();
    this.sayAdvice();
  }

  sayFigures() {
    const figures = this.editor.mask?.figures();
    if (!figures) return;
    setText(this.figures, sayFigures(figures));
    this.figures.title = "Against the contour under review; VRD: voxels changed in share of that contour.";
  }

  sayAdvice() {
    const { sentences } = this.editor.advisor;
    if (this.advice.dataset.said === sentences.join()) return;
    this.advice.dataset.said = sentences.join();
    this.advice.replaceChildren(...sentences.map((sentence) => h("li", {}, sentence)));
  }

  sayQuestion() {
    const { asking } = this.editor;
    const question = asking && QUESTIONS[asking];
    setText(this.words, question ?? "");
    this.ask.hidden = !question;
  }
}
