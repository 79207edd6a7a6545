// @ts-check
// A forced choice: two contours of the chosen structure beside each other, and nothing that
// would show them in another way or tell more of one than of the other.

/** @import { Actions } from "./actions.js" */
/** @import { Workspace } from "./workspace.js" */

const SENTENCE = "Here both contours stay beside each other; choose one of them, or write a comment.";
const NOT_HERE = [
  "tags",
  "flag-slice",
  "accept-rest",
  "layout",
  "solid-pane",
  "solo",
  "outlines",
  "dim",
  "compare",
  "difference",
  "largest-difference",
  "largest-error",
  "side-by-side",
  "edit",
  "combine",
];

/**
 * The actions of a forced choice: what would take the two apart, or edit them, says that it is not here.
 * @param {Workspace} workspace
 * @param {Actions} actions
 * @returns {Actions}
 */
export function keepPair(workspace, actions) {
  if (!workspace.data.choice) return actions;
  const refused = NOT_HERE.map((name) => [name, () => workspace.say(SENTENCE)]);
  return { ...actions, ...Object.fromEntries(refused) };
}

/**
 * Both contours are on the screen, or need not be waited for.
 * @param {import("./reading.js").Reading} reading
 */
export function isPairThere({ data, state, opened }) {
  return !data.choice || (state.compare !== null && opened.masks.has(state.compare));
}
