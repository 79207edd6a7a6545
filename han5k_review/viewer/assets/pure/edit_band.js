// @ts-check
// The edit band of a contour: it grown by the margin, without it shrunk by the margin, in 3-D. No DOM.
//
// Distances are those of Grow and Shrink, between voxel centres; what is outside the image does not count.

import { squaredDistances } from "./distance.js";
import { areaProfile, differenceProfile } from "./masks.js";

/** @import { Triple } from "./geometry.js" */
/** @import { Mask, WireMask } from "./masks.js" */
/** @typedef {{ outer: WireMask, inner: WireMask }} Band the band is what `outer` holds and `inner` does not */

/** More voxels than this are not taken. */
const MOST_VOXELS = 12_000_000;
const ROUNDING = 1e-6;

/**
 * The band around a contour that is not empty; null where it is too large.
 * @param {Pick<WireMask, "start" | "shape" | "bits">} mask
 * @param {Triple} grid
 * @param {Triple} spacing
 * @param {number} mm
 * @returns {Band | null}
 */
export function buildBand(mask, grid, spacing, mm) {
  const room = spacing.map((step) => Math.ceil(mm / step));
  const start = mask.start.map((s, axis) => Math.max(0, s - room[axis]));
  const end = mask.start.map((s, axis) => Math.min(grid[axis], s + mask.shape[axis] + room[axis]));
  const shape = end.map((e, axis) => e - start[axis]);
  if (shape[0] * shape[1] * shape[2] > MOST_VOXELS) return null;
  const cells = unpack(mask, start, shape);
  const limit = (mm + ROUNDING) ** 2;
  const toInside = squaredDistances(cells, shape, spacing, 1);
  const outer = cells.map((_, n) => (toInside[n] <= limit ? 1 : 0));
  const toOutside = squaredDistances(cells, shape, spacing, 0);
  const inner = cells.map((cell, n) => (cell && toOutside[n] > limit ? 1 : 0));
  return { outer: pack(outer, start, shape), inner: pack(inner, start, shape) };
}

/**
 * Voxels, per axial slice, that a contour has outside the band, or lacks inside of it.
 * @param {Mask} contour
 * @param {Band} band
 * @param {Triple} grid
 */
export function beyondProfile(contour, { outer, inner }, grid) {
  const [a, o, i] = [contour, outer, inner].map((mask) => areaProfile(mask, grid));
  const toOuter = differenceProfile(contour, outer, grid);
  const toInner = differenceProfile(contour, inner, grid);
  return a.map((n, k) => (n + toOuter[k] - o[k]) / 2 + (i[k] + toInner[k] - n) / 2);
}

/**
 * A step of the contour, of which only the voxels that it changed are looked at: `beyond` is kept up.
 * @param {Band} band
 * @param {{ cells: Uint8Array, at: (i: number, j: number, k: number) => number }} contour after the step
 * @param {ArrayLike<number>} runs of flipped voxels (edit/changes.js)
 * @param {Triple} grid
 * @param {Uint32Array} beyond
 */
export function countStep({ outer, inner }, contour, runs, [ni, nj], beyond) {
  for (let n = 0; n < runs.length; n += 2) {
    const row = Math.floor(runs[n] / ni);
    const j = row % nj;
    const k = Math.floor(row / nj);
    const [inOuter, inInner] = [rowIn(outer, j, k), rowIn(inner, j, k)];
    let i = runs[n] - row * ni;
    let at = contour.at(i, j, k);
    for (const end = i + runs[n + 1]; i < end; i++, at++) {
      const isDeep = bitAt(inner, inInner, i);
      if (!isDeep && bitAt(outer, inOuter, i)) continue;
      beyond[k] += (contour.cells[at] & 1) !== isDeep ? 1 : -1;
    }
  }
}

/**
 * Where the bits of a row begin, so that that of voxel i is i further on; NaN where the box has none.
 * @param {WireMask} mask
 * @param {number} j
 * @param {number} k
 */
function rowIn({ start, shape }, j, k) {
  const [y, z] = [j - start[1], k - start[2]];
  if (y < 0 || z < 0 || y >= shape[1] || z >= shape[2]) return Number.NaN;
  return (z * shape[1] + y) * shape[0] - start[0];
}

/**
 * @param {WireMask} mask
 * @param {number} row
 * @param {number} i
 */
function bitAt({ start, shape, bits }, row, i) {
  const n = row + i;
  return i >= start[0] && i < start[0] + shape[0] && n >= 0 ? (bits[n >> 3] >> (n & 7)) & 1 : 0;
}

/**
 * @param {Pick<WireMask, "start" | "shape" | "bits">} mask
 * @param {Triple} start
 * @param {Triple} shape
 */
function unpack({ start: from, shape: size, bits }, start, shape) {
  const cells = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (let k = 0, n = 0; k < size[2]; k++)
    for (let j = 0; j < size[1]; j++) {
      let to = ((k + from[2] - start[2]) * shape[1] + j + from[1] - start[1]) * shape[0] + from[0] - start[0];
      for (let i = 0; i < size[0]; i++, n++) cells[to++] = (bits[n >> 3] >> (n & 7)) & 1;
    }
  return cells;
}

/**
 * @param {Uint8Array} cells
 * @param {Triple} start
 * @param {Triple} shape
 * @returns {WireMask}
 */
function pack(cells, start, shape) {
  const bits = new Uint8Array(Math.ceil(cells.length / 8));
  for (let n = 0; n < cells.length; n++) if (cells[n]) bits[n >> 3] |= 1 << (n & 7);
  return { start, shape, bits };
}
