// @ts-check
// Signing a read: asked by key, sent at once, and then the page shows the case closed.

import { messageOf, request, SessionExpired } from "./net/requests.js";
import { STAY } from "./panels/question.js";

/**
 * Asks with the words that are signed, and signs. The server says what is still missing.
 * @param {any} workspace
 */
export async function signRead(workspace) {
  const { question, grader, data } = workspace;
  const url = data.addresses.signature;
  if (question.open || !url) return;
  grader.amend(workspace.reading.state.selected);
  await grader.queue.flush();
  if (grader.graded < grader.total || grader.queue.pending().length) {
    workspace.say(sayMissing(grader, data.manual), true);
    return;
  }
  if (!(await workspace.settling.mayLeaveCase())) return;
  const chosen = await question.ask(`${data.meaning} After that they can no longer change.`, [
    { id: "sign", key: "Enter", words: "Sign", loud: true },
    { id: STAY, key: "Escape", words: "Back" },
  ]);
  if (chosen !== "sign") return;
  try {
    await request(url, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" });
  } catch (error) {
    if (error instanceof SessionExpired) workspace.trigger("sign_in");
    else workspace.say(`The read is not signed. ${messageOf(error)}`, true);
    return;
  }
  workspace.position.send();
  workspace.trigger("next_case");
}

/**
 * @param {{ graded: number, total: number }} grader
 * @param {boolean} manual
 */
function sayMissing({ graded, total }, manual) {
  if (graded < total && manual)
    return `${total - graded} of ${total} structures are not drawn yet: a read is signed when all are.`;
  if (graded < total)
    return `${total - graded} of ${total} structures have no grade yet: a read is signed when all have one.`;
  return "Some grades are not saved yet: sign again in a moment.";
}
