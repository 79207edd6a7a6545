// @ts-check
// Smooth in three dimensions and keep the volume. No DOM; runs in a worker.
//
// A Gaussian mean of the contour, cut where as many voxels are inside as before: a threshold at one half
// would shrink what is round (Taubin, SIGGRAPH 1995, on why smoothing shrinks).

import { gaussianMean } from "./gaussian.js";

/** @import { Triple } from "./geometry.js" */

/** Means closer than this are equal. */
const STEPS = 1e6;

/**
 * The contour afterwards, 0 and 1, with exactly as many voxels inside. Of voxels with equal means those
 * that were inside come first, then those with the lower index.
 * @param {{ cells: Uint8Array, size: Triple, spacing: Triple, mm: number }} job `mm`: standard deviation
 * @param {(share: number) => void} tell
 */
export function smoothKeepingVolume({ cells, size, spacing, mm }, tell = () => {}) {
  const means = gaussianMean(cells, size, spacing, mm);
  tell(0.7);
  // Rank = twice the mean in steps, plus one where it was inside.
  const ranks = new Int32Array(means.length);
  const counts = new Int32Array(2 * STEPS + 2);
  let wanted = 0;
  for (let n = 0; n < ranks.length; n++) {
    wanted += cells[n];
    ranks[n] = 2 * Math.round(means[n] * STEPS) + cells[n];
    counts[ranks[n]]++;
  }
  let [least, above] = [2 * STEPS + 1, 0];
  while (least > 0 && above + counts[least] <= wanted) above += counts[least--];
  let rest = wanted - above;
  const out = new Uint8Array(ranks.length);
  for (let n = 0; n < ranks.length; n++) {
    const rank = ranks[n];
    if (rank > least || (rank === least && rest-- > 0)) out[n] = 1;
  }
  return out;
}
