// @ts-check
// The two ends of editing, as the reader asks for them: submit the revision, discard the draft.

import { STAY } from "../panels/question.js";
import { saySubmitted } from "./draft_words.js";
import { discardDraft, submitDraft } from "./submitting.js";

/** @import { Editor } from "./editor.js" */

/**
 * `confirmed`: the question of its grade was answered; `grade` is given in the same act. True when it
 * was submitted.
 * @param {Editor} editor
 * @param {{ confirmed: boolean, grade?: object | null }} act
 */
export async function submitEdit(editor, { confirmed, grade = null }) {
  const { name } = editor.session;
  if (!editor.free || name === null) return false;
  const answer = await submitDraft(editor.session, confirmed, grade);
  if (!answer) return false;
  editor.leave(false);
  editor.notice = editor.data.manual ? `${name} is drawn and submitted.` : saySubmitted(name, answer);
  editor.tell("edit");
  editor.revised.set(name, answer.label_version);
  editor.states.refresh();
  editor.submitted(name, answer, grade !== null);
  return true;
}

/**
 * What was drawn from nothing has no grade; that there is nothing to draw is asked first.
 * @param {Editor} editor
 * @param {import("../panels/question.js").Question} asking
 * @param {{ question: string | null }} check
 */
export async function submitDrawn(editor, asking, { question }) {
  if (question === null) return submitEdit(editor, { confirmed: false });
  const { name } = editor.session;
  const chosen = await asking.ask(question, [
    { id: "submit", key: "s", words: "Submit it empty" },
    { id: STAY, key: "Escape", words: "Back to drawing" },
  ]);
  if (chosen !== "submit" || editor.session.name !== name) return false;
  return submitEdit(editor, { confirmed: true });
}

/** @param {Editor} editor */
export async function discardEdit(editor) {
  if (await discardDraft(editor.session)) {
    editor.leave(false);
    editor.notice = "The draft was discarded.";
    editor.states.refresh();
  }
  editor.tell("edit");
}
