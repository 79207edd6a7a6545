// @ts-check
// Follow to the next slices: what was drawn on one slice is carried to its neighbours and fitted to
// their CT. No DOM.
//
// Where the contour of the slice was changed, the change of its signed distances is carried on and fades
// linearly (the mixing of distances of Raya and Udupa, IEEE TMI 1990). Where the neighbours have no
// contour, that of the slice before is taken. Either is then snapped to the edge in its own slice
// (edge_snapping.js); of a carried change only what lies near it.

import { signedDistances, squaredDistances } from "./distance.js";
import { snapToEdge } from "./edge_snapping.js";

/** @import { Triple } from "./geometry.js" */

/** How far a proposal's border may move to an edge. */
export const FIT_MM = 3;

/**
 * Slices of one box on one side of the slice that was drawn, that one first. Each is `size` voxels (one
 * axis of size 1). `hu`, `cells` (now) and `before` (as it was compared with) are lists of slices;
 * `stepMm` lies between them.
 * @typedef {object} FollowJob
 * @property {Int16Array[]} hu
 * @property {Uint8Array[]} cells
 * @property {Uint8Array} before the first slice as it was
 * @property {Triple} size
 * @property {Triple} spacing
 * @property {number} stepMm
 * @property {number} reachMm how far a change is carried
 */

/**
 * Proposals for the slices after the first, nearest first; it ends where there is nothing to carry.
 * @param {FollowJob} job
 * @param {(share: number) => void} tell
 * @returns {Uint8Array[]}
 */
export function followSlices(job, tell = () => {}) {
  const { hu, cells, before, size, spacing, stepMm, reachMm } = job;
  const [first] = cells;
  const isChanged = first.some((cell, n) => cell !== before[n]);
  const isCarried = isChanged && holdsAny(before);
  /** @type {Uint8Array[]} */
  const proposals = [];
  if (!holdsAny(first)) return proposals;
  const was = signedDistances(before, size, spacing);
  const change = signedDistances(first, size, spacing).map((mm, n) => mm - was[n]);
  for (let n = 1; n < cells.length; n++) {
    if (holdsAny(cells[n]) !== isCarried) break;
    const start = isCarried
      ? carry(cells[n], change, 1 - (n * stepMm) / (reachMm + stepMm))
      : (proposals[n - 2] ?? first);
    const fitted = snapToEdge({ hu: hu[n], cells: start, size, spacing, mm: FIT_MM });
    proposals.push(isCarried ? nearChange(cells[n], start, fitted) : fitted);
    tell(n / (cells.length - 1));
  }
  return proposals;

  /** @type {(now: Uint8Array, change: Float64Array, share: number) => Uint8Array} */
  function carry(now, change, share) {
    const depths = signedDistances(now, size, spacing);
    return now.map((cell, n) =>
      Math.abs(change[n]) < 1e-9 ? cell : depths[n] + share * change[n] > 0 ? 1 : 0,
    );
  }

  /** @type {(now: Uint8Array, start: Uint8Array, fitted: Uint8Array) => Uint8Array} */
  function nearChange(now, start, fitted) {
    const changed = now.map((cell, n) => (cell !== start[n] ? 1 : 0));
    const squared = squaredDistances(changed, size, spacing);
    return now.map((cell, n) => (squared[n] <= FIT_MM * FIT_MM ? fitted[n] : cell));
  }
}

/** @param {Uint8Array} cells */
const holdsAny = (cells) => cells.includes(1);
