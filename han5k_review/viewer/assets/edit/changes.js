// @ts-check
// Changes: runs of flipped voxels along i, [first, length, ...], in the whole grid. No DOM.

/** @import { Triple } from "../pure/geometry.js" */

/**
 * Runs of flipped voxels, [first, length, ...].
 * @typedef {Int32Array} Change
 */

/** @typedef {{ low: Triple, high: Triple }} Box Voxels from `low` up to, and without, `high`. */

/**
 * Box [low, high) of a change's voxels.
 * @param {Change} runs
 * @param {Triple} grid
 * @returns {Box}
 */
export function boundsOf(runs, [ni, nj]) {
  const low = [Infinity, Infinity, Infinity];
  const high = [0, 0, 0];
  for (let n = 0; n < runs.length; n += 2) {
    const row = Math.floor(runs[n] / ni);
    const k = Math.floor(row / nj);
    const [i, j] = [runs[n] - row * ni, row - k * nj];
    if (i < low[0]) low[0] = i;
    if (j < low[1]) low[1] = j;
    if (k < low[2]) low[2] = k;
    if (i + runs[n + 1] > high[0]) high[0] = i + runs[n + 1];
    if (j >= high[1]) high[1] = j + 1;
    if (k >= high[2]) high[2] = k + 1;
  }
  return { low, high };
}
