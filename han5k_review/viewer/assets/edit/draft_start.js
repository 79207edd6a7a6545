// @ts-check
// Which contour a new draft starts from.

/** @import { Editor } from "./editor.js" */

const OLDER =
  "A draft was open already and goes on; it does not start from the revision that was chosen. Discard it to start there.";
const REVISION = "This draft starts from a revision; Revert brings back the contour under review.";

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
export function sayStart({ reading }, name, wanted, found) {
  if (wanted !== null && wanted !== found) return OLDER;
  return found === reading.byName.get(name)?.label_version ? "" : REVISION;
}
