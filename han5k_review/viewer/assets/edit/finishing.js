// @ts-check
// The two ends of editing, as the reader asks for them: submit the revision, discard the draft.

import { saySubmitted } from "./draft_words.js";
import { discardDraft, submitDraft } from "./submitting.js";

/** @import { Editor } from "./editor.js" */

/**
 * `confirmed`: the server's question was answered with yes.
 * @param {Editor} editor
 * @param {boolean} confirmed
 */
export async function submitEdit(editor, confirmed = false) {
  const { name } = editor.session;
  if (!editor.free || name === null) return;
  const answer = await submitDraft(editor.session, confirmed);
  if (!answer) return;
  editor.leave(false);
  editor.notice = saySubmitted(name, answer);
  editor.tell("edit");
  editor.revised.set(name, answer.label_version);
  editor.standing.refresh();
  editor.submitted(name, answer.label_version);
}

/** @param {Editor} editor */
export async function discardEdit(editor) {
  if (await discardDraft(editor.session)) {
    editor.leave(false);
    editor.notice = "The draft was discarded.";
    editor.standing.refresh();
  }
  editor.tell("edit");
}
