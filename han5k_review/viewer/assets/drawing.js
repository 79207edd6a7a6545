// @ts-check
// Contours drawn from nothing: what there is to do, and what does not belong here, since no contour is shown
// that could be graded.

/** @import { Actions } from "./actions.js" */
/** @import { ViewerPayload } from "./pure/payload.js" */
/** @import { Workspace } from "./workspace.js" */

const SENTENCE = "No contour is graded here: draw the structure from nothing, then submit it.";
const NOT_HERE = ["grade", "tags", "comment", "flag-slice", "accept-rest"];

/**
 * The actions of a read that is drawn from nothing: what is of grades says what to do instead.
 * @param {Workspace} workspace
 * @param {Actions} actions
 * @returns {Actions}
 */
export function keepDrawing(workspace, actions) {
  if (!workspace.data.manual) return actions;
  const refused = NOT_HERE.map((name) => [name, () => workspace.say(SENTENCE)]);
  return { ...actions, ...Object.fromEntries(refused) };
}

/**
 * What is done with each structure of this read: drawn, chosen or graded.
 * @param {ViewerPayload} data
 */
export function doneWord({ manual, choice }) {
  if (manual) return "drawn";
  return choice ? "chosen" : "graded";
}
