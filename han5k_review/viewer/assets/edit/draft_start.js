// @ts-check
// Which contour a new draft starts from, and that it is here.

import { pause } from "../net/requests.js";

/** @import { Reading } from "../reading.js" */
/** @import { Editor } from "./editor.js" */

const LOADING = "The contours are still loading; editing begins when they are here.";
const TRIES = 600;
/** @type {WeakSet<Editor>} those that wait already */
const waiting = new WeakSet();

const OLDER =
  "A draft was open already and goes on; it does not start from the revision that was chosen. Discard it to start there.";
/** The label set of proposals. */
const PROPOSAL = "q";
/** @param {string} what */
const sayBase = (what) => `This draft starts from ${what}; Revert brings back the contour under review.`;

/**
 * The label version: the revision made last, the page's wish, one's own; null for the contour under review.
 * @param {Editor} editor
 * @param {string} name
 */
export function findStart({ data, reading, revised }, name) {
  const wish = name === data.resume?.structure ? data.edit_base : null;
  const own = reading.masksOf("o")?.get(name)?.label_version;
  return revised.get(name) ?? wish ?? own ?? null;
}

/**
 * What the reader is told of the start, "" when it is the contour under review.
 * @param {Editor} editor
 * @param {string} name
 * @param {number | null} wanted
 * @param {number} found
 */
export function sayStart({ data, reading }, name, wanted, found) {
  if (wanted !== null && wanted !== found) return OLDER;
  if (found === reading.byName.get(name)?.label_version) return "";
  const isLoaded = reading.masksOf(PROPOSAL)?.get(name)?.label_version === found;
  const isProposal = isLoaded || (found === data.edit_base && reading.state.compare === PROPOSAL);
  return sayBase(isProposal ? "a proposal" : "a revision");
}

/**
 * The contours under review, once they and the CT are here; null before.
 * @param {Reading} reading
 */
export const contoursOf = (reading) => (reading.volume && reading.masksOf(reading.reviewed)) || null;

/**
 * Whoever presses the key before the contours came edits when they are here; null when the reader went
 * elsewhere, or waits already, or they did not come within a minute.
 * @param {Editor} editor
 * @param {string} name
 */
export async function waitForContours(editor, name) {
  if (waiting.has(editor)) return null;
  waiting.add(editor);
  editor.notice = LOADING;
  editor.tell("edit");
  for (let n = 0; n < TRIES && !contoursOf(editor.reading); n++) {
    await pause(100);
    if (editor.session.queue.outbox.closed || editor.reading.state.selected !== name) break;
  }
  waiting.delete(editor);
  if (editor.notice === LOADING) editor.notice = "";
  editor.tell("edit");
  const isHere = !editor.session.queue.outbox.closed && editor.reading.state.selected === name;
  return isHere ? contoursOf(editor.reading) : null;
}
