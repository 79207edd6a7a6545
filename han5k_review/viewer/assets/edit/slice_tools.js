// @ts-check
// The tools that work at once, on the slice of the large view or on the whole structure.

import { sayCount } from "../pure/counts.js";
import { PLANES } from "../pure/geometry.js";
import { allGaps, copySlice, fillBetween, gapsAt, reshape, revert } from "./reshaping.js";

/** @import { PlaneName } from "../pure/geometry.js" */
/** @import { Editor } from "./editor.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { SlicePlace } from "./reshaping.js" */

const NO_GAP =
  "Go to a gap between two slices with a contour, or draw two slices first: what lies between is filled.";

/**
 * Does `tool` at once, on the slice of the large view or on the whole structure, as one step.
 * @param {Editor} editor
 * @param {string} tool
 */
export function applyTool(editor, tool) {
  const mask = editor.free;
  if (!mask) return;
  const { main, cursor } = editor.reading.state;
  const index = cursor[PLANES[main].through];
  const where = editor.options.whole ? null : { plane: main, index };
  const task = { plane: main, index, where, drawn: editor.drawn[main], mm: editor.options.mm };
  editor.notice = applySliceTool(mask, tool, task);
  const change = editor.commit(tool, where ? main : null, index);
  if (!change && !editor.notice) editor.notice = "Nothing changed here.";
}

/**
 * Does `tool` to the mask at slice `index` of `plane`, where `where` is that slice or null for the whole
 * structure; `drawn` holds the slices that were drawn by hand, `mm` the distance of grow, shrink and
 * smooth. What there is to say about it; "" when nothing.
 * @param {EditMask} mask
 * @param {string} tool
 * @param {{ plane: PlaneName, index: number, where: SlicePlace | null, drawn: Set<number>, mm: number }} task
 */
export function applySliceTool(mask, tool, { plane, index, where, drawn, mm }) {
  if (tool === "fill-between") return where ? fillGaps(mask, plane, index, drawn) : fillAllGaps(mask, plane);
  if (tool === "copy-below") copySlice(mask, plane, index - 1, index);
  else if (tool === "copy-above") copySlice(mask, plane, index + 1, index);
  else if (tool === "revert") revert(mask, where);
  else reshape(mask, tool, where, mm);
  return "";
}

/**
 * Every gap between two slices with a contour.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 */
function fillAllGaps(mask, plane) {
  const gaps = allGaps(mask, plane);
  for (const [first, last] of gaps) fillBetween(mask, plane, first, last);
  if (!gaps.length) return "There is no gap between the slices with a contour.";
  return `${sayCount(gaps.length, "gap was", "gaps were")} filled.`;
}

/**
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Set<number>} drawn
 */
function fillGaps(mask, plane, index, drawn) {
  const gaps = gapsAt(mask, plane, index, drawn);
  for (const [first, last] of gaps) fillBetween(mask, plane, first, last);
  return gaps.length ? "" : NO_GAP;
}
