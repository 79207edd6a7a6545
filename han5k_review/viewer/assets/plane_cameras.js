// @ts-check
// What each plane shows of the CT: null for the whole picture, else a wish that every view fits to its size.

import { followPoint } from "./pure/cameras.js";
import { PLANE_NAMES, PLANES, planeSize, voxelToPlane } from "./pure/geometry.js";

/** @import { CameraWish } from "./pure/cameras.js" */
/** @import { PlaneName, Triple } from "./pure/geometry.js" */
/** @import { Mask } from "./pure/masks.js" */
/** @typedef {{ shape: Triple, spacing: Triple }} VoxelGrid */

const LEAST_FIELD_MM = 110;

export class PlaneCameras {
  constructor() {
    /** @type {Record<PlaneName, CameraWish | null>} */
    this.wishes = { axial: null, sagittal: null, coronal: null };
  }

  /** @param {PlaneName} plane */
  of(plane) {
    return this.wishes[plane];
  }

  /**
   * @param {PlaneName} plane
   * @param {CameraWish | null} wish
   */
  set(plane, wish) {
    this.wishes[plane] = wish;
  }

  /**
   * A zoomed view follows the crosshair when it leaves the middle of it.
   * @param {Triple} cursor
   * @param {VoxelGrid} grid
   */
  follow(cursor, { shape, spacing }) {
    for (const plane of PLANE_NAMES) {
      const wish = this.wishes[plane];
      if (wish) this.wishes[plane] = followPoint(wish, voxelToPlane(plane, cursor, shape, spacing));
    }
  }

  /**
   * Every plane shows the mask with room around it, or the whole picture where that is smaller.
   * @param {Mask} mask
   * @param {VoxelGrid} grid
   */
  zoomTo(mask, { shape, spacing }) {
    const middle = mask.start.map((s, axis) => s + (mask.shape[axis] - 1) / 2);
    for (const plane of PLANE_NAMES) {
      const { column, row } = PLANES[plane];
      const size = planeSize(plane, shape, spacing);
      const longest = Math.max(mask.shape[column] * spacing[column], mask.shape[row] * spacing[row]);
      const field = Math.max(LEAST_FIELD_MM, longest * 2);
      const whole = field >= Math.min(size.widthMm, size.heightMm);
      this.wishes[plane] = whole ? null : { ...voxelToPlane(plane, middle, shape, spacing), field };
    }
  }
}
