// @ts-check
// Outlines as Path2D in plane millimetres, traced once per (label set, structure, plane, slice).

import { drawLoops, traceLoops } from "../pure/contours.js";
import { planeSize } from "../pure/geometry.js";
import { maskSlice } from "../pure/masks.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Mask } from "../pure/masks.js" */

const KEPT = 6000;

export class OutlineCache {
  /** @param {{ shape: Triple, spacing: Triple }} volume */
  constructor(volume) {
    this.shape = volume.shape;
    this.spacing = volume.spacing;
    /** @type {Map<string, Path2D | null>} */
    this.paths = new Map();
  }

  /**
   * The outline of a mask on a slice, or null where it is not there.
   * @param {string} setKey
   * @param {string} name
   * @param {Mask} mask
   * @param {PlaneName} plane
   * @param {number} index
   */
  path(setKey, name, mask, plane, index) {
    const key = `${setKey}|${name}|${plane}|${index}|${mask.stampOf?.(plane) ?? ""}`;
    let path = this.paths.get(key);
    if (path !== undefined) return path;
    const slice = maskSlice(mask, plane, index, this.shape);
    path = null;
    if (slice) {
      const size = planeSize(plane, this.shape, this.spacing);
      path = drawLoops(new Path2D(), traceLoops(slice), slice, size.columnMm, size.rowMm);
    }
    this.paths.set(key, path);
    if (this.paths.size > KEPT) {
      const [oldest] = this.paths.keys();
      this.paths.delete(oldest);
    }
    return path;
  }

  /** @param {string} setKey */
  forget(setKey) {
    for (const key of this.paths.keys()) if (key.startsWith(`${setKey}|`)) this.paths.delete(key);
  }
}
