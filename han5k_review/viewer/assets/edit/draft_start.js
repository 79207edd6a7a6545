// @ts-check
// Which contour a new draft starts from.

/** @import { Editor } from "./editor.js" */

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
