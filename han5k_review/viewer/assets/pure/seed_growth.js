// @ts-check
// Grow from seeds: strokes inside and outside spread over the CT, each through tissue like that below
// it. No DOM.
//
// A way costs its millimetres, more where the HU are unlike those below the strokes (geodesic
// segmentation by the likeness to scribbles: Bai and Sapiro, ICCV 2007; Criminisi, Sharp and Blake,
// GeoS, ECCV 2008). A voxel goes to the strokes that reach it at the lower cost; one that neither
// reaches within `reachMm` stays as it was.

import { gaussianMean } from "./gaussian.js";
import { geodesicDistances } from "./geodesic.js";

/** @import { Triple } from "./geometry.js" */

/** The CT is looked at through a bell of this width: noise must not count as tissue. */
export const LOOK_MM = 1;
/** Which seed is which. */
export const [INSIDE, OUTSIDE] = [1, 2];
const LEAST_SD_HU = 15;
const STEEP = 4;
const MOST = 400;

/**
 * A box of the CT and what is drawn in it; cells run i fastest.
 * @typedef {object} SeedJob
 * @property {Int16Array} hu
 * @property {Uint8Array} cells the contour, 0 and 1
 * @property {Uint8Array} seeds 1 below strokes inside, 2 below strokes outside, else 0
 * @property {Triple} size
 * @property {Triple} spacing
 * @property {number} reachMm
 */

/**
 * The contour afterwards, 0 and 1. `tell(share)` hears how much is done.
 * @param {SeedJob} job
 * @param {(share: number) => void} tell
 */
export function growFromSeeds({ hu, cells, seeds, size, spacing, reachMm }, tell = () => {}) {
  const looked = gaussianMean(hu, size, spacing, LOOK_MM);
  tell(0.4);
  const inside = waysFrom(INSIDE);
  tell(0.7);
  const outside = waysFrom(OUTSIDE);
  return cells.map((cell, n) => (inside[n] === outside[n] ? cell : inside[n] < outside[n] ? 1 : 0));

  /** @param {number} seed */
  function waysFrom(seed) {
    return geodesicDistances(unlikeness(looked, seeds, seed), size, spacing, seeds, seed, reachMm);
  }
}

/**
 * 1 within one standard deviation of the mean HU below the strokes, above it rising with the square of
 * the rest.
 * @param {Float64Array} looked
 * @param {Uint8Array} seeds
 * @param {number} seed
 */
function unlikeness(looked, seeds, seed) {
  let [count, sum, squares] = [0, 0, 0];
  for (let n = 0; n < seeds.length; n++) {
    if (seeds[n] !== seed) continue;
    count++;
    sum += looked[n];
    squares += looked[n] * looked[n];
  }
  const mean = count ? sum / count : 0;
  const sd = Math.max(LEAST_SD_HU, Math.sqrt(Math.max(0, squares / Math.max(1, count) - mean * mean)));
  return looked.map((hu) => {
    const rest = Math.max(0, Math.abs(hu - mean) / sd - 1);
    return Math.min(MOST, 1 + STEEP * rest * rest);
  });
}
