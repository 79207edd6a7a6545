// @ts-check
// What a reading remembers of the reader's choices; every panel shows a part of it.

import { preferences } from "./preferences.js";
import { ALL } from "./pure/filters.js";

/** @import { Preferences } from "./preferences.js" */
/** @import { Triple } from "./pure/geometry.js" */
/** @import { ViewerPayload, ViewerWindow } from "./pure/payload.js" */

/**
 * `selected` is the chosen structure; `compare` the key of the label set beside the one under review;
 * `window` follows the structure while `follow` is true, and stays for all of them while `locked`;
 * `pendingCentre` waits for the masks; `dose` is off whenever a case is opened.
 * @typedef {object} Choice
 * @property {string | null} selected
 * @property {Triple} cursor
 * @property {string} search
 * @property {string} filter
 * @property {boolean} solo
 * @property {string | null} compare
 * @property {boolean} difference
 * @property {boolean} dose
 * @property {string} tool
 * @property {ViewerWindow} window
 * @property {boolean} follow
 * @property {boolean} locked
 * @property {boolean} pendingCentre
 *
 * @typedef {Preferences & Choice} ReadingState
 */

/**
 * @param {ViewerPayload} data
 * @returns {ReadingState}
 */
export function beginState(data) {
  const liked = preferences();
  const compare = data.label_sets.slice(1).find((set) => set.key === data.compare)?.key ?? null;
  return {
    ...liked,
    layout: compare !== null && data.side_by_side ? "pair" : liked.layout,
    selected: null,
    cursor: [0, 0, 0],
    search: "",
    filter: ALL,
    solo: data.choice,
    compare,
    difference: false,
    dose: false,
    tool: "crosshair",
    window: data.windows[0],
    follow: true,
    locked: false,
    pendingCentre: true,
  };
}
