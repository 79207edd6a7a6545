// @ts-check
// The edit band of a contour: it grown by the margin, without it shrunk by the margin, in 3-D. No DOM.
//
// Distances are those of Grow and Shrink, between voxel centres; what is outside the image does not count.

import { squaredDistances } from "./distance.js";
import { areaProfile, differenceProfile, holds } from "./masks.js";

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
 * Does voxel ijk count as beyond the band when it is inside the contour, or when it is outside? Null:
 * neither, it lies in the band.
 * @param {Band} band
 * @param {number} i
 * @param {number} j
 * @param {number} k
 * @returns {"inside" | "outside" | null}
 */
export function beyondWhen({ outer, inner }, i, j, k) {
  if (holds(inner, i, j, k)) return "outside";
  return holds(outer, i, j, k) ? null : "inside";
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
