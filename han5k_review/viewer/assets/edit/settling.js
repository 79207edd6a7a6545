// @ts-check
// What becomes of an edit: it is submitted with its grade, kept as a draft, or discarded. Each is
// asked by key.

import { pause } from "../net/requests.js";
import { STAY } from "../panels/question.js";
import { sayCount } from "../pure/counts.js";
import { discardEdit, submitDrawn, submitEdit } from "./finishing.js";
import { enterOrTakeOver } from "./open_drafts.js";

/** @import { Answer } from "../panels/question.js" */
/** @import { ViewerScaleGrade } from "../pure/payload.js" */
/** @import { Workspace } from "../workspace.js" */

const UNGRADED = "ungraded";
const KEEP = "keep";
const CODE = "code-";

/**
 * An edit beside its grade.
 * @typedef {{ vrd: number | null, declared: string | null, suggested: string[], question: string | null }}
 *   Check
 */

export class Settling {
  /** @param {Workspace} workspace */
  constructor(workspace) {
    this.workspace = workspace;
    /** @type {string | null} a structure whose editing was left with a change in its draft */
    this.left = null;
    this.busy = false;
  }

  get editor() {
    return this.workspace.editor;
  }

  /**
   * Submits the edit in hand: at once where a grade is given that fits it, else after a question
   * whose answer grades and submits in one act. True when it was submitted.
   */
  async submit() {
    const { editor } = this;
    const { grader } = this.workspace;
    const { name } = editor.session;
    if (!editor.free || name === null || this.busy) return false;
    if (grader.readOnly) return submitEdit(editor, { confirmed: true });
    this.busy = true;
    try {
      if (!(await gradesSettled(grader, name)))
        return this.refuse(`The grade of ${name} is not saved yet; submit when it is.`);
      const check = await editor.session.check();
      if (!check) return false;
      if (this.workspace.data.manual) return await submitDrawn(editor, this.workspace.question, check);
      const isFitting = check.declared !== null && check.question === null;
      if (isFitting) return await submitEdit(editor, { confirmed: false });
      const chosen = await this.askGrade(name, check);
      if (chosen === STAY || editor.session.name !== name) return false;
      const grade = chosen.startsWith(CODE) ? grader.request(name, chosen.slice(CODE.length)) : null;
      return await submitEdit(editor, { confirmed: true, grade });
    } finally {
      this.busy = false;
    }
  }

  /** @param {string} sentence */
  refuse(sentence) {
    const { session } = this.editor;
    session.save = { ...session.save, state: "refused", sentence };
    this.editor.tell("edit");
    return false;
  }

  /**
   * @param {string} name
   * @param {Check} check
   */
  askGrade(name, check) {
    const grades = this.workspace.data.scale.grades;
    const proposed = proposedGrade(grades, check.suggested);
    const question = this.workspace.question;
    if (check.declared !== null) {
      const answers = proposed
        ? [change(proposed, `Change the grade to ${proposed.title.toLowerCase()} and submit`)]
        : [];
      return question.ask(check.question ?? "", [
        ...answers,
        { id: KEEP, key: "k", words: "Keep the grade and submit" },
        stay("Back to editing"),
      ]);
    }
    const changed = check.vrd === null ? "all" : `${(100 * check.vrd).toFixed(1)} %`;
    return question.ask(
      `${name} has no grade yet. Your edit changes ${changed} of the contour's volume (VRD). Grade it and submit:`,
      [
        ...(proposed ? [change(proposed, `${proposed.title} (fits the edit)`)] : []),
        ...grades
          .filter((/** @type {ViewerScaleGrade} */ grade) => grade.code !== proposed?.code)
          .map((/** @type {ViewerScaleGrade} */ grade) => ({
            id: CODE + grade.code,
            key: grade.key,
            words: grade.title,
          })),
        { id: UNGRADED, key: "w", words: "Submit without a grade" },
        stay("Back to editing"),
      ],
    );
  }

  /**
   * The grade that was just stored does not fit an edit submitted before it.
   * @param {string} name
   * @param {Check} check
   */
  async askAfterwards(name, check) {
    const proposed = proposedGrade(this.workspace.data.scale.grades, check.suggested);
    const answers = proposed ? [change(proposed, `Change the grade to ${proposed.title.toLowerCase()}`)] : [];
    const keep = { id: KEEP, key: "k", words: "Keep the grade" };
    const chosen = await this.workspace.question.ask(check.question ?? "", [...answers, keep]);
    if (chosen.startsWith(CODE)) this.workspace.grader.give([name], chosen.slice(CODE.length));
  }

  // -- leaving -----------------------------------------------------------------------------------

  /** The edit key: into the draft, or out of it; then it is asked about when the structure is left. */
  toggle() {
    const { editor } = this;
    if (!editor.active && editor.session.state === "closed") {
      this.left = null;
      enterOrTakeOver(this.workspace);
      return;
    }
    this.left = editor.changes ? editor.session.name : null;
    editor.leave();
  }

  /** Has the chosen structure an edit of this visit that is not submitted? */
  get isUnsettled() {
    const { selected } = this.workspace.reading.state;
    if (selected === null) return false;
    const isInHand = this.editor.active && this.editor.session.name === selected;
    return isInHand ? this.editor.changes : this.left === selected;
  }

  /**
   * Leaves the chosen structure and does `go()`; an edit that is not submitted is asked about first.
   * @param {() => void} go
   */
  async leaveStructure(go) {
    if (this.workspace.question.open) return;
    if (this.isUnsettled && !(await this.settleStructure())) return;
    this.left = null;
    this.editor.leave();
    go();
  }

  /** True when the edit of the chosen structure was submitted, kept as a draft or discarded. */
  async settleStructure() {
    const name = this.workspace.reading.state.selected;
    const chosen = await this.askDraft(`1 edit of ${name} is not submitted.`);
    if (chosen === STAY) return false;
    if (chosen === KEEP) return true;
    if (!this.editor.active) await this.editor.enter();
    if (chosen === "submit") return this.submit();
    await discardEdit(this.editor);
    return !this.editor.active;
  }

  /** May the case be left? Asks about every edit in it that is not submitted. */
  async mayLeaveCase() {
    const { editor } = this;
    if (editor.readOnly) return true;
    const name = editor.session.name;
    if (editor.active) editor.leave();
    if (name === null && !editor.states.open.size) return true;
    await editor.states.refresh();
    const names = editor.states.listUnsubmitted();
    if (!names.length) return true;
    const first = names[0];
    const edits = sayCount(names.length, "edit is", "edits are");
    const chosen = await this.workspace.question.ask(`${edits} not submitted: ${names.join(", ")}.`, [
      { id: KEEP, key: "Enter", words: "Keep as draft and go on", loud: true },
      { id: "open", key: "s", words: `Look at ${first} and submit` },
      stay("Stay here"),
    ]);
    if (chosen === KEEP) return true;
    const back = chosen === "open" ? first : name;
    if (back === null) return false;
    this.left = null;
    if (back !== this.workspace.reading.state.selected) this.workspace.reading.choose(back);
    await editor.enter();
    return false;
  }

  /** @param {string} words */
  askDraft(words) {
    return this.workspace.question.ask(words, [
      { id: "submit", key: "s", words: "Submit" },
      { id: KEEP, key: "Enter", words: "Keep as draft", loud: true },
      { id: "discard", key: "d", words: "Discard" },
      stay("Stay here"),
    ]);
  }
}

/**
 * The first grade of the scale that fits the edit, in the order the levels are suggested.
 * @param {ViewerScaleGrade[]} grades
 * @param {string[]} suggested
 */
export function proposedGrade(grades, suggested) {
  for (const level of suggested) {
    const found = grades.find((grade) => grade.level === level);
    if (found) return found;
  }
  return null;
}

/**
 * @param {ViewerScaleGrade} grade
 * @param {string} words
 * @returns {Answer}
 */
const change = (grade, words) => ({
  id: CODE + grade.code,
  key: "Enter",
  also: grade.key,
  words,
  loud: true,
});

/**
 * @param {string} words
 * @returns {Answer}
 */
const stay = (words) => ({ id: STAY, key: "Escape", words });

/**
 * True once no grade of this structure is on its way; false when that cannot be soon.
 * @param {import("../grader.js").Grader} grader
 * @param {string} name
 */
async function gradesSettled(grader, name) {
  for (let n = 0; n < 100; n++) {
    if (!grader.queue.holds(grader.url, name)) return true;
    if (["waiting", "expired"].includes(grader.save.state)) return false;
    await pause(50);
  }
  return false;
}
