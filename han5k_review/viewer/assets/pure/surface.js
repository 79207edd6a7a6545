// @ts-check
// The largest distance between two masks' surfaces, and where it is. No DOM; runs in a worker.
//
// Distances are exact Euclidean ones in millimetres between border voxels (voxels with a face neighbour
// outside): the squared distance transform of Felzenszwalb and Huttenlocher, Theory of Computing
// 8(19), 2012, one axis after the other with that axis' spacing.

import { squaredDistances } from "./distance.js";
import { holds, isEmpty } from "./masks.js";

/** @import { Triple } from "./geometry.js" */
/** @import { WireMask } from "./masks.js" */

/**
 * 1 at the border voxels of a mask, in a box { start, shape }, i fastest.
 * @param {WireMask} mask
 * @param {{ start: Triple, shape: Triple }} box
 */
export function borderOf(mask, box) {
  const [ni, nj, nk] = box.shape;
  const inside = new Uint8Array(ni * nj * nk);
  const offset = mask.start.map((s, axis) => s - box.start[axis]);
  let bit = 0;
  for (let k = 0; k < mask.shape[2]; k++) {
    for (let j = 0; j < mask.shape[1]; j++) {
      let n = ((k + offset[2]) * nj + j + offset[1]) * ni + offset[0];
      for (let i = 0; i < mask.shape[0]; i++, n++, bit++) inside[n] = (mask.bits[bit >> 3] >> (bit & 7)) & 1;
    }
  }
  const border = new Uint8Array(inside.length);
  for (let k = 0, n = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, n++) {
        if (!inside[n]) continue;
        const within =
          i > 0 &&
          i < ni - 1 &&
          j > 0 &&
          j < nj - 1 &&
          k > 0 &&
          k < nk - 1 &&
          inside[n - 1] &&
          inside[n + 1] &&
          inside[n - ni] &&
          inside[n + ni] &&
          inside[n - ni * nj] &&
          inside[n + ni * nj];
        if (!within) border[n] = 1;
      }
    }
  }
  return border;
}

/**
 * { mm, ijk } of the border voxel farthest from the other border, or null when a mask is empty.
 * @param {WireMask} one
 * @param {WireMask} other
 * @param {Triple} spacing
 */
export function largestSurfaceError(one, other, spacing) {
  if (isEmpty(one) || isEmpty(other)) return null;
  const start = [0, 1, 2].map((axis) => Math.min(one.start[axis], other.start[axis]));
  const end = [0, 1, 2].map((a) => Math.max(one.start[a] + one.shape[a], other.start[a] + other.shape[a]));
  const box = { start, shape: end.map((e, axis) => e - start[axis]) };
  const borders = [borderOf(one, box), borderOf(other, box)];
  let best = -1;
  let place = 0;
  for (const [own, target] of [borders, [...borders].reverse()]) {
    const field = squaredDistances(target, box.shape, spacing);
    for (let n = 0; n < own.length; n++) {
      if (own[n] && field[n] > best) {
        best = field[n];
        place = n;
      }
    }
  }
  const [ni, nj] = box.shape;
  const within = [place % ni, Math.floor(place / ni) % nj, Math.floor(place / (ni * nj))];
  const ijk = within.map((n, axis) => n + start[axis]);
  return { mm: Math.sqrt(best), ijk, ofFirst: holds(one, ijk[0], ijk[1], ijk[2]) };
}
