// @ts-check
// Seeds: strokes inside and outside from which a contour grows. They are no part of it. No DOM.

import { PLANES } from "../pure/geometry.js";
import { OUTSIDE } from "../pure/seed_growth.js";
import { EditMask } from "./edit_mask.js";
import { paintCapsule } from "./painting.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Box, Change } from "./changes.js" */

/** How wide a seed is drawn. */
export const SEED_MM = 3;
/** What belongs to the structure, and what does not. */
export const COLOURS = { inside: "#5ac8ff", outside: "#ff9d3c" };

export class Seeds {
  /**
   * @param {Triple} grid
   * @param {Triple} spacing
   */
  constructor(grid, spacing) {
    this.inside = new EditMask(grid, spacing, null);
    this.outside = new EditMask(grid, spacing, null);
    /** @type {(Change | null)[][]} what each stroke changed inside and outside */
    this.strokes = [];
  }

  /**
   * A stroke begins; what it covers belongs to its side only.
   * @param {string} tool
   * @param {PlaneName} plane
   */
  begin(tool, plane) {
    const [own, other] = tool === "seed-in" ? [this.inside, this.outside] : [this.outside, this.inside];
    return new SeedStroke(own, other, PLANES[plane].through);
  }

  /** The stroke in hand stays. */
  keep() {
    const stroke = [this.inside.takeChange(), this.outside.takeChange()];
    if (stroke.some((change) => change)) this.strokes.push(stroke);
  }

  /** The last stroke goes. */
  drop() {
    const [inside, outside] = this.strokes.pop() ?? [];
    if (inside) this.inside.applyChange(inside);
    if (outside) this.outside.applyChange(outside);
  }

  /**
   * The box of all seeds, or of those on one slice; null when there are none.
   * @param {{ axis: number, index: number } | null} slice
   * @returns {Box | null}
   */
  bounds(slice) {
    const boxes = [this.inside.bounds(), this.outside.bounds()].filter((box) => box !== null);
    if (!boxes.length) return null;
    const low = boxes[0].low.map((_, axis) => Math.min(...boxes.map((box) => box.low[axis])));
    const high = boxes[0].high.map((_, axis) => Math.max(...boxes.map((box) => box.high[axis])));
    if (slice) {
      low[slice.axis] = slice.index;
      high[slice.axis] = slice.index + 1;
      if (!this.extract(low, high).some((cell) => cell)) return null;
    }
    return { low, high };
  }

  /**
   * 1 inside, 2 outside, else 0, i fastest.
   * @param {Triple} low
   * @param {Triple} high
   */
  extract(low, high) {
    const cells = this.inside.extract(low, high);
    const box = this.outside.bounds();
    if (!box) return cells;
    const [ni, nj] = [high[0] - low[0], high[1] - low[1]];
    const from = box.low.map((l, axis) => Math.max(l, low[axis]));
    const to = box.high.map((e, axis) => Math.min(e, high[axis]));
    for (let k = from[2]; k < to[2]; k++)
      for (let j = from[1]; j < to[1]; j++)
        for (let i = from[0]; i < to[0]; i++)
          if (this.outside.holds(i, j, k))
            cells[((k - low[2]) * nj + j - low[1]) * ni + i - low[0]] = OUTSIDE;
    return cells;
  }
}

/** One stroke of seeds, from press to release. */
export class SeedStroke {
  /**
   * @param {EditMask} own
   * @param {EditMask} other
   * @param {number} flatAxis
   */
  constructor(own, other, flatAxis) {
    this.own = own;
    this.other = other;
    this.flatAxis = flatAxis;
    /** @type {Triple | null} */
    this.last = null;
  }

  /** @param {Triple} point */
  add(point) {
    const from = this.last ?? point;
    const brush = { radiusMm: SEED_MM / 2, flatAxis: this.flatAxis };
    paintCapsule(this.own, from, point, { ...brush, value: 1 });
    paintCapsule(this.other, from, point, { ...brush, value: 0 });
    this.own.touch();
    this.other.touch();
    this.last = point;
  }

  finish() {}
}
