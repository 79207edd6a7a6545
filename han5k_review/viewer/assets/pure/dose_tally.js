// @ts-check
// What a contour receives on a fixed dose, kept up voxel by voxel: mean and near maximum (D0.03cc), as
// metrics/dose_volume.py of the Python side has them. No DOM.

import { doseSampler } from "./dose_grid.js";

/** @import { Triple } from "./geometry.js" */
/** @import { CtGrid, DoseGrid } from "./dose_grid.js" */

/**
 * Doses are null where no voxel of the contour is within the dose grid.
 * @typedef {object} DoseNumbers
 * @property {number} voxels
 * @property {number} outsideCc
 * @property {number | null} meanGy
 * @property {number | null} nearMaximumGy
 */

const NEAR_MAXIMUM_CC = 0.03;

export class DoseTally {
  /**
   * @param {CtGrid} ct
   * @param {DoseGrid} dose
   */
  constructor(ct, dose) {
    this.sample = doseSampler(ct, dose);
    this.voxelCc = (ct.spacing[0] * ct.spacing[1] * ct.spacing[2]) / 1000;
    /** Twice as fine as the steps of the dose, so that a value is off by a quarter of a step at most. */
    this.binGy = dose.gyPerStep / 2;
    this.bins = new Uint32Array(2 * 32767 + 2);
    this.count = this.outside = this.sum = 0;
  }

  /**
   * A voxel came to be inside (1) or outside (-1).
   * @param {number} i
   * @param {number} j
   * @param {number} k
   * @param {1 | -1} more
   */
  turn(i, j, k, more) {
    const gy = this.sample(i, j, k);
    if (Number.isNaN(gy)) {
      this.outside += more;
      return;
    }
    this.count += more;
    this.sum += more * gy;
    this.bins[Math.max(0, Math.round(gy / this.binGy))] += more;
  }

  /** @returns {DoseNumbers} */
  numbers() {
    const { count, outside, sum, voxelCc } = this;
    return {
      voxels: count + outside,
      outsideCc: outside * voxelCc,
      meanGy: count ? sum / count : null,
      nearMaximumGy: count ? this.hottest(NEAR_MAXIMUM_CC / voxelCc) : null,
    };
  }

  /**
   * The lowest dose in so many of the hottest voxels, at least one.
   * @param {number} voxels
   */
  hottest(voxels) {
    let left = Math.min(Math.max(Math.ceil(voxels - 1e-9), 1), this.count);
    let bin = this.bins.length - 1;
    while (left > this.bins[bin]) left -= this.bins[bin--];
    return bin * this.binGy;
  }
}
