// @ts-check
// What is proposed for slices beside the one that was drawn: accepted or dropped slice by slice. No DOM.

import { PLANES } from "../pure/geometry.js";
import { EditMask } from "./edit_mask.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Box } from "./changes.js" */

export class Proposals {
  /**
   * `slices`: index -> its voxels in `box`, whose axis through the plane is not looked at.
   * @param {Triple} grid
   * @param {Triple} spacing
   * @param {{ plane: PlaneName, box: Box, slices: Map<number, Uint8Array> }} found
   */
  constructor(grid, spacing, { plane, box, slices }) {
    this.plane = plane;
    this.box = box;
    this.slices = slices;
    this.mask = new EditMask(grid, spacing, null);
    for (const [index, cells] of slices) this.put(index, cells);
  }

  /** @param {number} index */
  boxOf(index) {
    const { through } = PLANES[this.plane];
    /** @type {(end: Triple, at: number) => Triple} */
    const at = (end, place) => end.map((n, axis) => (axis === through ? place : n));
    return { low: at(this.box.low, index), high: at(this.box.high, index + 1) };
  }

  /**
   * @param {number} index
   * @param {Uint8Array} cells
   */
  put(index, cells) {
    const { low, high } = this.boxOf(index);
    this.mask.replace(low, high, cells);
    this.mask.takeChange();
  }

  /**
   * Takes a slice out: its box and voxels, or null.
   * @param {number} index
   */
  take(index) {
    const cells = this.slices.get(index);
    if (!cells) return null;
    this.put(index, new Uint8Array(cells.length));
    this.slices.delete(index);
    return { ...this.boxOf(index), cells };
  }

  /**
   * The nearest slice that still waits; null when none does.
   * @param {number} index
   */
  nearest(index) {
    const waiting = [...this.slices.keys()];
    waiting.sort((one, other) => Math.abs(one - index) - Math.abs(other - index) || one - other);
    return waiting[0] ?? null;
  }
}
