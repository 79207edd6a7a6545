// @ts-check
// The tools that work on a slice or the whole structure at once, on an EditMask. No DOM.
//
// `where` is { plane, index } for one slice, or null for the whole structure. Each tool only paints;
// the caller takes the change afterwards.

import { signedDistances } from "../pure/distance.js";
import { PLANES } from "../pure/geometry.js";
import { fillHoles, grow, keepLargest, shrink, smooth } from "./shaping.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Box } from "./changes.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @typedef {{ plane: PlaneName, index: number }} SlicePlace */
/** @typedef {(cells: Uint8Array, size: Triple, spacing: Triple, mm: number) => Uint8Array} Shaping */

/** @type {Record<string, { room: number, shape: Shaping }>} */
const SHAPES = {
  "fill-holes": { room: 0, shape: (cells, size) => fillHoles(cells, size) },
  islands: { room: 0, shape: (cells, size) => keepLargest(cells, size) },
  grow: { room: 1, shape: grow },
  shrink: { room: 0, shape: shrink },
  smooth: { room: 1, shape: smooth },
};

/**
 * fill-holes, islands, grow, shrink or smooth; `mm` for the last three.
 * @param {EditMask} mask
 * @param {string} tool
 * @param {SlicePlace | null} where
 */
export function reshape(mask, tool, where, mm = 0) {
  const box = boxOf(mask, where, 1);
  if (!box) return;
  const { room, shape } = SHAPES[tool];
  const { low, high } = widen(mask, box, where, mm * room);
  const size = high.map((end, axis) => end - low[axis]);
  mask.replace(low, high, shape(mask.extract(low, high), size, mask.spacing, mm));
}

/**
 * The box of the contour (bits 1), the compared one (2) or both (3), cut to the slice.
 * @param {EditMask} mask
 * @param {SlicePlace | null} where
 * @param {number} bits
 */
function boxOf(mask, where, bits) {
  const box = mask.bounds(bits);
  if (!box || !where) return box;
  const { through } = PLANES[where.plane];
  if (where.index < box.low[through] || where.index >= box.high[through]) return null;
  box.low[through] = where.index;
  box.high[through] = where.index + 1;
  return box;
}

/**
 * One voxel more on each side, and `mm` besides; never across the slice, never out of the grid.
 * @param {EditMask} mask
 * @param {Box} box
 * @param {SlicePlace | null} where
 * @param {number} mm
 * @returns {Box}
 */
function widen(mask, { low, high }, where, mm) {
  const fixed = where ? PLANES[where.plane].through : null;
  const extra = mask.spacing.map((step, axis) => (axis === fixed ? 0 : 1 + Math.ceil(mm / step)));
  return {
    low: low.map((l, axis) => Math.max(0, l - extra[axis])),
    high: high.map((e, axis) => Math.min(mask.grid[axis], e + extra[axis])),
  };
}

/**
 * Slice `to` becomes what slice `from` is.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {number} from
 * @param {number} to
 */
export function copySlice(mask, plane, from, to) {
  const { through } = PLANES[plane];
  if (from < 0 || from >= mask.grid[through]) return;
  const box = mask.bounds();
  if (!box) return;
  /** @type {(index: number) => Box} */
  const at = (index) => ({
    low: box.low.map((l, axis) => (axis === through ? index : l)),
    high: box.high.map((e, axis) => (axis === through ? index + 1 : e)),
  });
  const [source, target] = [at(from), at(to)];
  mask.replace(target.low, target.high, mask.extract(source.low, source.high));
}

/**
 * The slice, or the whole structure, becomes the compared contour again.
 * @param {EditMask} mask
 * @param {SlicePlace | null} where
 */
export function revert(mask, where) {
  const box = boxOf(mask, where, 3);
  if (box) mask.replace(box.low, box.high, mask.extract(box.low, box.high, 2));
}

/**
 * Slices between `first` and `last` by shape-based interpolation (Raya and Udupa, IEEE TMI 1990): the signed
 * distances of the two slices, mixed linearly, inside where the mixture is above zero.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {number} first
 * @param {number} last
 */
export function fillBetween(mask, plane, first, last) {
  const { through } = PLANES[plane];
  const [from, to] = [first, last].map((index) => boxOf(mask, { plane, index }, 1));
  if (!from || !to || last - first < 2) return;
  const low = from.low.map((l, a) => Math.max(0, Math.min(l, to.low[a]) - 1));
  const high = from.high.map((e, a) => Math.min(mask.grid[a], Math.max(e, to.high[a]) + 1));
  const [one, other] = [first, last].map((index) => {
    [low[through], high[through]] = [index, index + 1];
    const size = high.map((end, axis) => end - low[axis]);
    return signedDistances(mask.extract(low, high), size, mask.spacing);
  });
  for (let index = first + 1; index < last; index++) {
    const share = (index - first) / (last - first);
    [low[through], high[through]] = [index, index + 1];
    mask.replace(
      low,
      high,
      Uint8Array.from(one, (mm, n) => ((1 - share) * mm + share * other[n] > 0 ? 1 : 0)),
    );
    clearOutside(mask, plane, index, low, high);
  }
}

/**
 * What the slice had outside the box of its two ends goes.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Triple} low
 * @param {Triple} high
 */
function clearOutside(mask, plane, index, low, high) {
  const box = boxOf(mask, { plane, index }, 1);
  if (!box) return;
  for (let k = box.low[2]; k < box.high[2]; k++) {
    for (let j = box.low[1]; j < box.high[1]; j++) {
      for (let i = box.low[0]; i < box.high[0]; i++) {
        const kept = i >= low[0] && i < high[0] && j >= low[1] && j < high[1] && k >= low[2] && k < high[2];
        if (!kept) mask.paint(i, j, k, 0);
      }
    }
  }
}

/**
 * Is there any voxel on each slice of a plane?
 * @param {EditMask} mask
 * @param {PlaneName} plane
 */
export function slicesWith(mask, plane) {
  const { through } = PLANES[plane];
  const found = new Uint8Array(mask.grid[through]);
  const [ni, nj, nk] = mask.shape;
  for (let k = 0, n = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, n++) {
        if (mask.cells[n] & 1) found[mask.start[through] + (through === 0 ? i : through === 1 ? j : k)] = 1;
      }
    }
  }
  return found;
}

/**
 * Which slices "fill between" joins from slice `index`: the gaps without contour at it, else the nearest
 * slices drawn by hand on both sides. Pairs [first, last].
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Set<number>} drawn
 */
export function gapsAt(mask, plane, index, drawn = new Set()) {
  const has = slicesWith(mask, plane);
  /** @type {(from: number, step: number, wanted: (n: number) => unknown) => number} NaN when there is none */
  const seek = (from, step, wanted) => {
    for (let n = from; n >= 0 && n < has.length; n += step) if (wanted(n)) return n;
    return NaN;
  };
  const ends = has[index]
    ? [
        [seek(index - 1, -1, (n) => has[n]), index],
        [index, seek(index + 1, 1, (n) => has[n])],
      ]
    : [[seek(index, -1, (n) => has[n]), seek(index, 1, (n) => has[n])]];
  const gaps = ends.filter(([first, last]) => last - first > 1);
  if (gaps.length) return gaps;
  /** @param {number} n */
  const byHand = (n) => drawn.has(n) && has[n];
  const below = seek(byHand(index) ? index - 1 : index, -1, byHand);
  const above = seek(byHand(index) ? index + 1 : index, 1, byHand);
  const pairs = byHand(index)
    ? [
        [below, index],
        [index, above],
      ]
    : [[below, above]];
  return pairs.filter(([first, last]) => last - first > 1);
}

/**
 * Pairs [first, last] of slices with a contour that have only slices without one between them.
 * @param {EditMask} mask
 * @param {PlaneName} plane
 * @returns {[number, number][]}
 */
export function allGaps(mask, plane) {
  const there = [...slicesWith(mask, plane).entries()].filter(([, has]) => has).map(([index]) => index);
  /** @type {[number, number][]} */
  const pairs = there.slice(1).map((last, n) => [there[n], last]);
  return pairs.filter(([first, last]) => last - first > 1);
}
