// @ts-check
// The right panel's middle part: edit the chosen structure, tools, figures, submit.

import { h, press, setText } from "../panels/dom.js";
import { actionButton, wordButton } from "./controls.js";
import { DoseEffectPanel } from "./dose_effect_panel.js";
import { sayEnter, sayFigures } from "./draft_words.js";
import { discardEdit } from "./finishing.js";
import { AsidePanel } from "./strokes_aside_panel.js";
import { ToolBox } from "./tool_box.js";

/** @import { Reading } from "../reading.js" */
/** @import { Grader } from "../grader.js" */
/** @import { Act } from "../workspace_parts.js" */
/** @import { Editor } from "./editor.js" */

const QUESTIONS = {
  discard: "Discard this draft? Its strokes are no longer shown anywhere.",
  aside: "Discard the strokes that no longer fit? They are kept nowhere else.",
};
export class EditPanel {
  /**
   * @param {object} parts
   * @param {Reading} parts.reading
   * @param {Grader} parts.grader
   * @param {Editor} parts.editor
   * @param {Act} parts.act
   * @param {() => void} parts.focus
   */
  constructor({ reading, grader, editor, act, focus }) {
    this.reading = reading;
    this.grader = grader;
    this.editor = editor;
    this.act = act;
    this.focus = focus;
    /** @type {string | null} the structure that was chosen last */
    this.of = null;
    this.shown = "";
    this.enter = this.button("edit", "Edit this structure", "wide");
    this.state = h("p", {
      class: "save",
      "data-testid": "edit-state",
      role: "status",
      "aria-live": "polite",
    });
    this.alert = h("p", { class: "alert", role: "alert", hidden: true, "data-testid": "edit-alert" });
    this.aside = new AsidePanel(editor, (...what) => this.word(...what));
    this.takeOver = this.word("edit-take-over", "Take over here", () => act("take-over"));
    this.figures = h("p", { class: "figures", "data-testid": "edit-figures", role: "status" });
    const dose = editor.data.assistance ? reading.dose : null;
    this.dose = dose ? new DoseEffectPanel(reading, dose, () => editor.tell("edit")) : null;
    this.words = h("p", {});
    this.ask = h(
      "div",
      { class: "alert", role: "alertdialog", hidden: true, "data-testid": "edit-question" },
      this.words,
      this.word("edit-confirm", "Yes, do it", () => this.confirm()),
      this.word("edit-decline", "Back to editing", () => this.decline()),
    );
    this.tools = new ToolBox({ editor, act, focus });
    // Above the tools, and before all that comes and goes: its place never changes, its keys stay in sight.
    this.finish = h(
      "div",
      { class: "line ends", hidden: true },
      this.button("submit-edit", "Submit", "loud"),
      ...this.tools.steps,
    );
    this.discard = this.word("edit-discard", "Discard", () => this.askDiscard());
    this.discard.hidden = true;
    this.root = h(
      "section",
      { class: "edit-panel", "aria-label": "Edit the structure", "data-testid": "edit-panel" },
      h("div", { class: "line ends" }, this.enter, this.discard),
      this.finish,
      this.figures,
      this.dose?.root,
      this.state,
      this.takeOver,
      this.ask,
      this.tools.root,
      this.aside.root,
      this.tools.prompts.asking,
      this.alert,
    );
    this.root.hidden = editor.readOnly;
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  button(action, word, kind = "") {
    return actionButton(action, word, kind, this.act);
  }

  /**
   * @param {string} testid
   * @param {string} text
   * @param {() => void} onclick
   */
  word(testid, text, onclick) {
    return wordButton(testid, text, onclick, this.focus);
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
    const { session, active } = editor;
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
    const isDrawn = Boolean(this.grader.grades.get(selected ?? "")?.code);
    this.enter.classList.toggle("loud", editor.data.manual && !busy && !lock && !isDrawn);
    const isOpen = selected !== null && editor.states.listUnsubmitted().includes(selected);
    setText(
      this.enter.lastChild,
      ` ${sayEnter({ manual: editor.data.manual, active, busy, lock, isDrawn, isOpen })}`,
    );
    this.showTop(`${selected} ${active}`);
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
    this.tools.root.hidden = this.finish.hidden = this.discard.hidden = this.figures.hidden = !active;
    this.aside.update();
    this.sayQuestion();
    const { parentElement: side } = this.root;
    side?.classList.toggle("editing", active);
    side?.parentElement?.classList.toggle("draws", active);
    if (!active) this.tools.prompts.asking.hidden = true;
    this.dose?.update(editor.mask);
    if (!active) return;
    this.tools.update();
    this.sayFigures();
  }

  /**
   * Another structure, or its edit: the panel begins at its upper end, wherever it was scrolled to.
   * @param {string} shown
   */
  showTop(shown) {
    if (this.shown !== shown && this.root.parentElement) this.root.parentElement.scrollTop = 0;
    this.shown = shown;
  }

  sayFigures() {
    const figures = this.editor.mask?.figures();
    if (!figures) return;
    setText(this.figures, sayFigures(figures, this.editor.data.manual));
    this.figures.title = "Against the contour under review; VRD: voxels changed in share of that contour.";
  }

  sayQuestion() {
    const { asking } = this.editor;
    const question = asking && QUESTIONS[asking];
    setText(this.words, question ?? "");
    this.ask.hidden = !question;
  }
}
