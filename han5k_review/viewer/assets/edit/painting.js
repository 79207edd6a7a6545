// @ts-check
// Tools that draw: brush, eraser, ball, freehand, polygon. Pure functions on an EditMask.
//
// Points are voxel coordinates [i, j, k], fractional, a voxel's centre at whole numbers. Each tool only
// paints; the caller takes the change afterwards.

import { PLANES } from "../pure/geometry.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @typedef {(i: number, j: number, k: number) => boolean} Allowed Which voxels a brush may take. */

/**
 * `value`: 1 paints, 0 takes away.
 * @typedef {{ radiusMm: number, value: number, flatAxis?: number | null, allowed?: Allowed | null }} Capsule
 */

/**
 * Every voxel whose centre is within `radiusMm` of the line from `from` to `to`. `flatAxis`: the axis
 * along which the brush is one slice thick, or null for a ball. `allowed(i, j, k)` may forbid voxels
 * (the HU-limited brush). The voxel under the end is always taken, however small the brush.
 * @param {EditMask} mask
 * @param {Triple} from
 * @param {Triple} to
 * @param {Capsule} capsule
 */
export function paintCapsule(mask, from, to, { radiusMm, value, flatAxis = null, allowed = null }) {
  const { spacing, grid } = mask;
  const reach = radiusMm * radiusMm * (1 + 1e-9);
  const low = [0, 0, 0];
  const high = [0, 0, 0];
  for (let axis = 0; axis < 3; axis++) {
    const wide = axis === flatAxis ? 0 : Math.max(0.5, radiusMm / spacing[axis] + 1e-6);
    low[axis] = Math.max(0, Math.ceil(Math.min(from[axis], to[axis]) - wide));
    high[axis] = Math.min(grid[axis], Math.floor(Math.max(from[axis], to[axis]) + wide) + 1);
    if (low[axis] >= high[axis]) return;
  }
  if (value) mask.ensure(low, high);
  else clip(mask, low, high);
  const line = [0, 1, 2].map((a) => (to[a] - from[a]) * spacing[a]);
  const length = line[0] ** 2 + line[1] ** 2 + line[2] ** 2;
  const end = to.map(Math.round);
  for (let k = low[2]; k < high[2]; k++) {
    const z = (k - from[2]) * spacing[2];
    for (let j = low[1]; j < high[1]; j++) {
      const y = (j - from[1]) * spacing[1];
      for (let i = low[0]; i < high[0]; i++) {
        const x = (i - from[0]) * spacing[0];
        const along = length
          ? Math.max(0, Math.min(1, (x * line[0] + y * line[1] + z * line[2]) / length))
          : 0;
        const off = (x - along * line[0]) ** 2 + (y - along * line[1]) ** 2 + (z - along * line[2]) ** 2;
        const under = i === end[0] && j === end[1] && k === end[2];
        if ((off <= reach || under) && (!allowed || allowed(i, j, k))) mask.paint(i, j, k, value);
      }
    }
  }
}

/**
 * Nothing outside the box can be erased.
 * @param {EditMask} mask
 * @param {Triple} low
 * @param {Triple} high
 */
function clip(mask, low, high) {
  for (let axis = 0; axis < 3; axis++) {
    low[axis] = Math.max(low[axis], mask.start[axis]);
    high[axis] = Math.min(high[axis], mask.start[axis] + mask.shape[axis]);
  }
}

/**
 * Every voxel of slice `index` whose centre the closed line goes round (non-zero winding: a line that
 * crosses itself leaves no hole). A centre exactly on the line counts on its lower sides only.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Triple[]} points
 * @param {number} value
 */
export function paintPolygon(mask, plane, index, points, value) {
  const { column, row, through } = PLANES[plane];
  const across = points.map((point) => point[column]);
  const down = points.map((point) => point[row]);
  if (points.length < 3) return;
  const low = [0, 0, 0];
  const high = [0, 0, 0];
  low[through] = index;
  high[through] = index + 1;
  for (const { axis, at } of [
    { axis: column, at: across },
    { axis: row, at: down },
  ]) {
    low[axis] = Math.max(0, Math.ceil(Math.min(...at)));
    high[axis] = Math.min(mask.grid[axis], Math.floor(Math.max(...at)) + 1);
    if (low[axis] >= high[axis]) return;
  }
  if (value) mask.ensure(low, high);
  else clip(mask, low, high);
  const ijk = [0, 0, 0];
  ijk[through] = index;
  if (low[through] >= high[through]) return;
  for (let b = low[row]; b < high[row]; b++) {
    const crossings = crossingsAt(across, down, b);
    ijk[row] = b;
    let winding = 0;
    for (let n = 0; n + 1 < crossings.length; n++) {
      winding += crossings[n].turn;
      if (winding === 0) continue;
      const last = Math.min(high[column], Math.ceil(crossings[n + 1].a));
      for (let a = Math.max(low[column], Math.ceil(crossings[n].a)); a < last; a++) {
        ijk[column] = a;
        mask.paint(ijk[0], ijk[1], ijk[2], value);
      }
    }
  }
}

/**
 * @param {number[]} across
 * @param {number[]} down
 * @param {number} b
 */
function crossingsAt(across, down, b) {
  const found = [];
  for (let n = 0; n < across.length; n++) {
    const m = (n + 1) % across.length;
    if (down[n] <= b === down[m] <= b) continue;
    found.push({
      a: across[n] + ((b - down[n]) / (down[m] - down[n])) * (across[m] - across[n]),
      turn: down[n] <= b ? 1 : -1,
    });
  }
  return found.sort((one, other) => one.a - other.a);
}
