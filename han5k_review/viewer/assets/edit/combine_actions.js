// @ts-check
// The tools that need more than the contour in hand, each one step: other structures, the skin, margins.

import { bodyOf } from "../pure/skin.js";
import { add, changeMargin, fillOf, keepInside, subtract } from "./combining.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { Triple } from "../pure/geometry.js" */
/** @import { Fill, Margins } from "./combining.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { Editor } from "./editor.js" */
/** @typedef {"subtract" | "keep-inside" | "add-other" | "crop-skin" | "margin-grow" | "margin-shrink"} Combination */

const LOADING = "The CT is still loading: the skin can be found when it is there.";

/**
 * Does one combination to the contour in hand, as one step of its journal.
 * @param {Editor} editor
 * @param {Combination} tool
 * @param {{ other: string | null, mm: number, margins: Margins }} wish `other` names the other structure
 */
export function combine(editor, tool, { other, mm, margins }) {
  const mask = editor.free;
  const { volume } = editor.reading;
  if (!mask || !volume) return;
  editor.notice = "";
  const there = other === null ? null : editor.reading.mask(other);
  if (tool === "subtract") subtract(mask, fillOf(there), mm);
  else if (tool === "keep-inside") keepInside(mask, fillOf(there), mm);
  else if (tool === "add-other") add(mask, there);
  else if (tool === "crop-skin") {
    const body = fillOfBody(mask, volume, mm);
    if (body) keepInside(mask, body, mm);
    else editor.notice = LOADING;
  } else changeMargin(mask, margins, tool === "margin-shrink");
  const change = editor.commit(tool);
  if (!change && !editor.notice) editor.notice = "Nothing changed.";
  editor.tell("edit");
}

/**
 * What is inside the skin; null while a slice that is needed has not come.
 * @param {EditMask} mask
 * @param {Volume} volume
 * @param {number} mm
 * @returns {Fill | null}
 */
function fillOfBody(mask, volume, mm) {
  const box = mask.bounds();
  if (!box) return fillOf(null);
  const around = Math.ceil(mm / mask.spacing[2]);
  /** @type {Map<number, Uint8Array>} */
  const slices = new Map();
  const [first, end] = [Math.max(0, box.low[2] - around), Math.min(mask.grid[2], box.high[2] + around)];
  for (let k = first; k < end; k++) {
    const hu = volume.sliceHu(k);
    if (!hu) return null;
    slices.set(k, bodyOf(hu, mask.grid[0]));
  }
  return (low, high) => cut(slices, low, high, mask.grid[0]);
}

/**
 * @param {Map<number, Uint8Array>} slices
 * @param {Triple} low
 * @param {Triple} high
 * @param {number} columns
 */
function cut(slices, low, high, columns) {
  const size = high.map((end, axis) => end - low[axis]);
  const cells = new Uint8Array(size[0] * size[1] * size[2]);
  let to = 0;
  for (let k = low[2]; k < high[2]; k++) {
    for (let j = low[1]; j < high[1]; j++, to += size[0]) {
      const row = slices.get(k)?.subarray(j * columns + low[0], j * columns + high[0]);
      if (row) cells.set(row, to);
    }
  }
  return cells;
}
