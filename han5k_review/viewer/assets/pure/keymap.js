// @ts-check
// Every key of the workspace, once. The help page, the tooltips, docs/viewer.md and its test
// derive from this table. Grade keys come from the study's scale. No DOM.

/** @typedef {[action: string, keys: string[], title: string]} KeyRow */

/** @type {[part: string, rows: KeyRow[]][]} */
export const KEYMAP = [
  [
    "Grade",
    [
      ["grade", ["1", "2", "3", "0", "9"], "Grade and go on (the keys of the study's scale)"],
      ["tags", ["t"], "Issue tags: then the letter of each tag, t or Escape ends"],
      ["comment", ["c"], "Write a comment, Escape ends"],
      ["flag-slice", ["f"], "Flag this slice"],
      ["undo", ["z", "Ctrl+Z"], "Undo the last grade; while editing, the last step"],
      ["accept-rest", ["Shift+Y"], "Accept the rest that was scrolled through, all or one tier"],
      ["sign", ["Ctrl+S"], "Sign the read once every structure has its grade: it is then closed"],
      ["unsaved", ["Shift+L"], "What could not be saved: mend it or drop it"],
    ],
  ],
  [
    "Structure",
    [
      ["next-ungraded", ["Space"], "Next structure without a grade"],
      ["next-structure", ["n"], "Next structure"],
      ["previous-structure", ["p"], "Previous structure"],
      ["search", ["/"], "Search the list, Enter chooses"],
      ["filter", ["Shift+T"], "Show all, those without a grade, the doubtful ones or one tier"],
      ["centre", ["g"], "Go to the structure's centre"],
      ["visible", ["h"], "Hide or show the structure"],
      ["solo", ["s"], "Show this structure alone"],
      ["outlines", ["a"], "All outlines on or off"],
      ["dim", ["Shift+D"], "Dim the other outlines, or show them in full"],
      ["next-case", ["Shift+N"], "Next case"],
    ],
  ],
  [
    "Slice",
    [
      ["slice-up", ["ArrowUp"], "One slice up (superior; left; anterior)"],
      ["slice-down", ["ArrowDown"], "One slice down"],
      ["slices-up", ["PageUp"], "Five slices up"],
      ["slices-down", ["PageDown"], "Five slices down"],
      ["last-slice", ["Home"], "Upper end of the structure"],
      ["first-slice", ["End"], "Lower end of the structure"],
    ],
  ],
  [
    "Picture",
    [
      ["window", ["w"], "Next window"],
      ["window-follow", ["Shift+W"], "Window follows the structure again"],
      ["window-direct", ["F2", "F3", "F4", "F6", "F7", "F8", "F9"], "The window at this place of the list"],
      ["window-lock", ["Shift+K"], "Lock the window for all structures, or unlock it"],
      ["fill", ["o"], "Outline or fill"],
      ["zoom-in", ["+"], "Zoom in"],
      ["zoom-out", ["-"], "Zoom out"],
      ["fit", ["b"], "Back to the whole picture"],
      ["auto-zoom", ["u"], "Zoom to each structure, or leave the zoom"],
      ["layout", ["v"], "One view or three"],
      ["plane", ["x"], "Next plane in the large view"],
      ["solid-pane", ["F10"], "The structure in 3-D, drag turns it; or away again"],
      ["dose", ["%"], "Planned dose on or off, where one is known"],
      ["band", ["4"], "Edit band on or off: where accepted revisions of such a contour ended"],
      ["crosshair", ["i"], "Crosshair on or off"],
      ["ruler", ["m"], "Measure: drag a line"],
      ["palette", ["y"], "Colour-blind safe colours"],
    ],
  ],
  [
    "Compare",
    [
      ["compare", ["l"], "Next label set beside the one under review, or none"],
      ["difference", ["d"], "Shade the difference"],
      ["largest-difference", ["j"], "Go to the slice of largest disagreement"],
      ["largest-error", ["Shift+J"], "Go to the largest surface error"],
      ["side-by-side", ["k"], "Two views side by side, one label set each"],
    ],
  ],
  [
    "Edit",
    [
      ["edit", ["e"], "Edit the structure, or leave editing"],
      ["brush", ["q"], "Brush"],
      ["eraser", ["r"], "Eraser (or the right button with any brush or hand-drawn line)"],
      ["push", ["Shift+Q"], "Push the border: outwards from inside, inwards from outside"],
      ["brush-smaller", ["["], "Smaller brush (or Ctrl and the wheel)"],
      ["brush-larger", ["]"], "Larger brush (or Ctrl and the wheel)"],
      ["ball", ["Shift+B"], "Brush and eraser as a ball through the slices, or flat"],
      ["hu-limit", ["Shift+U"], "Brush only where the HU are like those of the contour"],
      ["freehand-add", ["Shift+A"], "Draw a line: what it encloses is added"],
      ["freehand-cut", ["Shift+C"], "Draw a line: what it encloses is taken away"],
      ["polygon-add", ["Shift+P"], "Click corners: what they enclose is added"],
      ["polygon-cut", ["Shift+X"], "Click corners: what they enclose is taken away"],
      ["close-polygon", ["Enter"], "Close the polygon, or accept what is proposed here (Escape drops it)"],
      ["whole", ["Shift+V"], "The next tools work on the whole structure, or on this slice"],
      ["fill-holes", ["Shift+H"], "Fill holes"],
      ["islands", ["Shift+I"], "Remove all but the largest piece"],
      ["grow", ["Shift+G"], "Grow by the millimetres given"],
      ["shrink", ["Shift+S"], "Shrink by the millimetres given"],
      ["smooth", ["Shift+M"], "Smooth: the majority within the millimetres given"],
      ["revert", ["Shift+R"], "Revert to the contour under review"],
      ["copy-below", [","], "Copy the slice below (inferior; right; posterior) to this one"],
      ["copy-above", ["."], "Copy the slice above to this one"],
      ["fill-between", ["Shift+F"], "Interpolate between slices with a contour; with Whole, all gaps"],
      ["combine", ["Shift+O"], "Another structure, the skin, or a margin of its own on each side"],
      ["redo", ["Shift+Z", "Ctrl+Y", "Ctrl+Shift+Z"], "Redo the step; without editing, the grade"],
      ["submit-edit", ["Shift+E"], "Submit the revision"],
    ],
  ],
  [
    "Smart tools",
    [
      ["seed-in", ["7"], "Seeds inside: strokes on tissue that belongs to it (right button: outside)"],
      ["seed-out", ["8"], "Seeds outside: strokes on tissue that does not belong to it"],
      ["seeds-grow", ["*"], "Grow from the seeds over tissue alike, as far as the reach; with Whole in 3-D"],
      ["snap", ["!"], "Snap the contour to the edge on the CT within the reach"],
      ["follow", ["("], "Follow to the next slices: proposals, as far as the reach"],
      ["drop-proposal", ["Backspace"], "Drop what is proposed on this slice"],
      ["smooth-volume", [")"], "Smooth in 3-D by the millimetres given and keep the volume"],
      ["prompt", ["Shift+Enter"], "Prompt for the hospital's server: point; again: scribble, lasso, box"],
    ],
  ],
  [
    "Help",
    [
      ["help", ["?"], "Show or hide these keys"],
      ["leave", ["Escape"], "Close what is open, back to the picture"],
    ],
  ],
];

/** @type {Map<string, KeyRow>} action -> its row */
const ROWS = new Map(KEYMAP.flatMap(([, rows]) => rows).map((row) => [row[0], row]));
/** Every action of the table. */
export const ACTIONS = [...ROWS.keys()];
/** Keys that stay as they are: the way out, the way to this help, and the browser's own. */
const FIXED = new Set(["Escape", "Tab", "?"]);

/** The reader's own keys: action -> keys, only where they differ from the table.
 * @typedef {Record<string, string[]>} OwnKeys */

/** @type {OwnKeys} */
let own = {};
/** @type {(name: string) => string} */
let label = (name) => name;

/** From now on these keys count, and are written as `labels` has them.
 * @param {OwnKeys} keys
 * @param {(name: string) => string} [labels] */
export function useKeys(keys, labels = (name) => name) {
  own = keys;
  label = labels;
}

/** What was stored, without what is no action or no key.
 * @param {unknown} stored
 * @returns {OwnKeys} */
export function readOwnKeys(stored) {
  if (stored === null || typeof stored !== "object") return {};
  const isKeys = (/** @type {unknown} */ keys) =>
    Array.isArray(keys) && keys.every((key) => typeof key === "string" && key.length < 24 && !FIXED.has(key));
  return Object.fromEntries(
    Object.entries(stored).filter(([action, keys]) => isChangeable(action) && isKeys(keys)),
  );
}

/** Grades have the keys of the study's scale, windows those of their places; Escape and `?` stay.
 * @param {string} action */
export function isChangeable(action) {
  return ROWS.has(action) && !["grade", "window-direct", "leave", "help"].includes(action);
}

/** The action of a key, or null. Grade keys are asked of the scale first.
 * @param {string} key
 * @param {string[]} scaleKeys */
export function actionOf(key, scaleKeys) {
  if (scaleKeys.includes(key)) return "grade";
  for (const action of ROWS.keys()) {
    if (action !== "grade" && keysOf(action).includes(key)) return action;
  }
  return null;
}

/**
 * The reader's keys with `key` for `action`, or why not: `taken` names the action that has it now and may give
 * it away (`replacing`), `fixed` says that it stays.
 * @param {OwnKeys} keys
 * @param {{ action: string, key: string, scaleKeys: string[], replacing?: boolean }} wish
 * @returns {{ keys: OwnKeys } | { taken: string } | { fixed: true }}
 */
export function changeKey(keys, { action, key, scaleKeys, replacing = false }) {
  if (FIXED.has(key) || scaleKeys.includes(key)) return { fixed: true };
  const present = (/** @type {string} */ one) => keys[one] ?? ROWS.get(one)?.[1] ?? [];
  const taken = [...ROWS.keys()].find(
    (one) => one !== action && one !== "grade" && present(one).includes(key),
  );
  if (taken !== undefined && !replacing) return { taken };
  const changed = { ...keys, [action]: [key] };
  if (taken !== undefined) changed[taken] = present(taken).filter((one) => one !== key);
  return { keys: changed };
}

/** What an action does, in a few words.
 * @param {string} action */
export function titleOf(action) {
  return ROWS.get(action)?.[2] ?? "";
}

/** `Next window (w)`: the tooltip of an action's button.
 * @param {string} action */
export function tooltip(action) {
  const keys = labelsOf(action).join(" ");
  return keys ? `${titleOf(action)} (${keys})` : titleOf(action);
}

/** @param {string} action */
export function keysOf(action) {
  return own[action] ?? ROWS.get(action)?.[1] ?? [];
}

/** An action's keys as they are written on this keyboard.
 * @param {string} action */
export function labelsOf(action) {
  return keysOf(action).map(label);
}
