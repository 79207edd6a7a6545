// @ts-check
// A contour and its surroundings: another structure taken away, kept to or added; margins of their own on
// each side. Functions on an EditMask; each only paints, the caller takes the change afterwards. No DOM.
//
// `fill(low, high)` gives the other structure as 0 and 1 in that box of the grid, i fastest.

import { squaredDistances } from "../pure/distance.js";
import { holds, isEmpty } from "../pure/masks.js";

/** @import { Triple } from "../pure/geometry.js" */
/** @import { Mask } from "../pure/masks.js" */
/** @import { Box } from "./changes.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @typedef {(low: Triple, high: Triple) => Uint8Array} Fill */

/** Millimetres on each side of the patient.
 * @typedef {{ left: number, right: number, anterior: number, posterior: number, superior: number,
 *   inferior: number }} Margins */

const NEARLY = 1 + 1e-9;

/**
 * @param {Mask | null | undefined} mask
 * @returns {Fill}
 */
export function fillOf(mask) {
  return (low, high) => {
    const size = high.map((end, axis) => end - low[axis]);
    const cells = new Uint8Array(size[0] * size[1] * size[2]);
    let n = 0;
    for (let k = low[2]; k < high[2]; k++)
      for (let j = low[1]; j < high[1]; j++)
        for (let i = low[0]; i < high[0]; i++) cells[n++] = holds(mask, i, j, k) ? 1 : 0;
    return cells;
  };
}

/**
 * What lies within `mm` of the other structure goes; 0: only what lies in it.
 * @param {EditMask} mask
 * @param {Fill} fill
 */
export function subtract(mask, fill, mm = 0) {
  keep(mask, mm, (low, high, size) => {
    const squared = squaredDistances(fill(low, high), size, mask.spacing, 1);
    return (n) => squared[n] > mm * mm * NEARLY;
  });
}

/**
 * Only what lies in the other structure stays, more than `mm` from its outside.
 * @param {EditMask} mask
 * @param {Fill} fill
 */
export function keepInside(mask, fill, mm = 0) {
  keep(mask, mm, (low, high, size) => {
    const squared = squaredDistances(fill(low, high), size, mask.spacing, 0);
    return (n) => squared[n] > mm * mm * NEARLY;
  });
}

/**
 * @param {EditMask} mask
 * @param {number} mm how far around the contour must be looked at
 * @param {(low: Triple, high: Triple, size: Triple) => (n: number) => boolean} judge
 */
function keep(mask, mm, judge) {
  const box = mask.bounds();
  if (!box) return;
  const around = mask.spacing.map((step) => Math.ceil(mm / step));
  const { low, high } = widen(mask, box, around, around);
  const size = high.map((end, axis) => end - low[axis]);
  const stays = judge(low, high, size);
  mask.replace(
    low,
    high,
    mask.extract(low, high).map((cell, n) => (cell && stays(n) ? 1 : 0)),
  );
}

/**
 * The other structure is added.
 * @param {EditMask} mask
 * @param {Mask | null} other
 */
export function add(mask, other) {
  if (isEmpty(other)) return;
  const low = other.start;
  const high = low.map((first, axis) => first + other.shape[axis]);
  const added = fillOf(other)(low, high);
  mask.ensure(low, high);
  mask.replace(
    low,
    high,
    mask.extract(low, high).map((cell, n) => cell | added[n]),
  );
}

/**
 * Each border moves outwards (`isShrinking`: inwards) by its own margin; in between the margins blend as an
 * ellipsoid does: inside is where (dx / mx)^2 + (dy / my)^2 + (dz / mz)^2 <= 1 for some voxel that was
 * inside. What lies outside the image does not count.
 * @param {EditMask} mask
 * @param {Margins} margins
 */
export function changeMargin(mask, margins, isShrinking = false) {
  const box = mask.bounds();
  if (!box) return;
  // i grows to the left, j to posterior, k to superior.
  const upwards = [margins.left, margins.posterior, margins.superior];
  const downwards = [margins.right, margins.anterior, margins.inferior];
  /** @param {number[]} mm */
  const steps = (mm) => mm.map((one, axis) => 1 + Math.ceil(one / mask.spacing[axis]));
  const { low, high } = widen(mask, box, steps(downwards), steps(upwards));
  const size = high.map((end, axis) => end - low[axis]);
  const cells = mask.extract(low, high);
  if (!isShrinking) {
    mask.replace(low, high, spread(cells, size, mask.spacing, upwards, downwards));
    return;
  }
  const outside = cells.map((cell) => 1 - cell);
  const grown = spread(outside, size, mask.spacing, downwards, upwards);
  mask.replace(
    low,
    high,
    grown.map((cell) => 1 - cell),
  );
}

/**
 * @param {EditMask} mask
 * @param {Box} box
 * @param {number[]} below voxels more at the lower end of each axis
 * @param {number[]} above
 */
function widen(mask, { low, high }, below, above) {
  return {
    low: low.map((first, axis) => Math.max(0, first - below[axis])),
    high: high.map((end, axis) => Math.min(mask.grid[axis], end + above[axis])),
  };
}

/**
 * 1 within the half ellipsoids of `upwards` and `downwards` millimetres along each axis around a 1. The sum
 * of squares is made one axis after the other, each as a least sum over the few voxels in reach: exact.
 * @param {Uint8Array} cells
 * @param {Triple} size
 * @param {Triple} spacing
 * @param {number[]} upwards
 * @param {number[]} downwards
 */
export function spread(cells, size, spacing, upwards, downwards) {
  let field = Float32Array.from(cells, (cell) => (cell ? 0 : 2));
  const strides = [1, size[0], size[0] * size[1]];
  for (let axis = 0; axis < 3; axis++) {
    const costs = costsOf(spacing[axis], upwards[axis], downwards[axis]);
    if (costs.length === 1) continue;
    const next = new Float32Array(field.length).fill(2);
    const stride = strides[axis];
    for (let n = 0; n < field.length; n++) {
      if (field[n] >= 2) continue;
      const at = Math.floor(n / stride) % size[axis];
      for (const { step, cost } of costs) {
        if (at + step < 0 || at + step >= size[axis]) continue;
        const sum = field[n] + cost;
        const to = n + step * stride;
        if (sum < next[to]) next[to] = sum;
      }
    }
    field = next;
  }
  return Uint8Array.from(field, (sum) => (sum <= 1 + 1e-5 ? 1 : 0));
}

/**
 * @param {number} spacing
 * @param {number} up
 * @param {number} down
 */
function costsOf(spacing, up, down) {
  const costs = [{ step: 0, cost: 0 }];
  for (const { mm, sign } of [
    { mm: up, sign: 1 },
    { mm: down, sign: -1 },
  ])
    for (let step = 1; step * spacing <= mm * NEARLY; step++)
      costs.push({ step: sign * step, cost: ((step * spacing) / mm) ** 2 });
  return costs;
}
