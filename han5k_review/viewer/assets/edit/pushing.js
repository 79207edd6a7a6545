// @ts-check
// The disc that pushes the border of a contour before it, outwards from inside and inwards from outside.
//
// At the press it is no larger than there is room for on its side of the border, so that the press itself
// changes nothing: the border does not snap to the disc. It is the idea of OsiriX's repulsor.

import { PLANES } from "../pure/geometry.js";
import { paintCapsule } from "./painting.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @typedef {{ sizeMm: number, ball: boolean }} PushOptions */

/** Voxel centres on the disc's own edge are not taken. */
const BELOW = 1 - 1e-6;

/**
 * The disc's radius in millimetres at a point: half the brush, or less where a voxel of the other side is
 * nearer.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {Triple} point voxel coordinates, fractional
 * @param {PushOptions} options
 */
export function pushRadius(mask, plane, point, { sizeMm, ball }) {
  const { spacing, grid } = mask;
  const flatAxis = ball ? null : PLANES[plane].through;
  const [low, high] = [0, 1].map((end) =>
    point.map((at, axis) => {
      const wide = axis === flatAxis ? 0 : sizeMm / 2 / spacing[axis];
      return end ? Math.min(grid[axis] - 1, Math.floor(at + wide)) : Math.max(0, Math.ceil(at - wide));
    }),
  );
  const inside = isInside(mask, point);
  let squared = (sizeMm / 2) ** 2;
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      for (let i = low[0]; i <= high[0]; i++) {
        if (mask.holds(i, j, k) === inside) continue;
        const off =
          ((i - point[0]) * spacing[0]) ** 2 +
          ((j - point[1]) * spacing[1]) ** 2 +
          ((k - point[2]) * spacing[2]) ** 2;
        if (off < squared) squared = off;
      }
    }
  }
  return Math.sqrt(squared) * BELOW;
}

/**
 * @param {EditMask} mask
 * @param {Triple} point
 */
function isInside(mask, point) {
  const [i, j, k] = point.map(Math.round);
  return mask.holds(i, j, k);
}

/** One push, from press to release. */
export class PushStroke {
  /**
   * @param {EditMask} mask
   * @param {PlaneName} plane
   * @param {PushOptions} options
   */
  constructor(mask, plane, options) {
    this.mask = mask;
    this.plane = plane;
    this.options = options;
    /** @type {Triple | null} */
    this.last = null;
    this.radiusMm = options.sizeMm / 2;
    this.value = 0;
  }

  /** @param {Triple} point */
  add(point) {
    if (this.last === null) {
      this.radiusMm = pushRadius(this.mask, this.plane, point, this.options);
      this.value = isInside(this.mask, point) ? 1 : 0;
    }
    const flatAxis = this.options.ball ? null : PLANES[this.plane].through;
    const { radiusMm, value } = this;
    paintCapsule(this.mask, this.last ?? point, point, { radiusMm, value, flatAxis });
    this.last = point;
  }

  finish() {}
}
