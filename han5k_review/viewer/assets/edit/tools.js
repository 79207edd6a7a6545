// @ts-check
// How the reader's pointer draws: one gesture from press to release, for each tool. No DOM.
//
// Points are voxel coordinates [i, j, k], fractional along the plane, the slice's index through it.

import { PLANES } from "../pure/geometry.js";
import { paintCapsule, paintPolygon } from "./painting.js";
import { isPrompt } from "./prompt_strokes.js";

/** @import { PlaneName, PlanePoint, Triple } from "../pure/geometry.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { Allowed } from "./painting.js" */
/** @typedef {(i: number, j: number, k: number) => number | null} HuAt HU of a voxel; null: not loaded. */

/**
 * How the tools work: `ball` through the slices, `hu` the range of a limited brush, `whole` structure or
 * slice, `reachMm` how far the smart tools go.
 * @typedef {object} ToolOptions
 * @property {string} tool
 * @property {number} sizeMm
 * @property {boolean} ball
 * @property {boolean} huLimited
 * @property {number[]} hu
 * @property {boolean} whole
 * @property {number} mm
 * @property {number} reachMm
 */

/** @returns {ToolOptions} as editing begins */
export const firstOptions = () => ({
  ...{ tool: "brush", sizeMm: 10, ball: false, huLimited: false, hu: [-50, 150] },
  ...{ whole: false, mm: 1, reachMm: 5 },
});

export const SIZES_MM = [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50];
export const DRAWING = [
  ...["brush", "eraser", "push"],
  ...["freehand-add", "freehand-cut", "polygon-add", "polygon-cut"],
];

/** @param {string} tool */
export const isSeed = (tool) => tool === "seed-in" || tool === "seed-out";
/** @param {string} tool */
export const isBrush = (tool) => ["brush", "eraser", "push"].includes(tool) || isSeed(tool);
/** @param {string} tool */
export const isPolygon = (tool) => tool.startsWith("polygon");
/**
 * What the right button does with a tool in hand: it erases; null where it has nothing to erase with. Of
 * seeds it draws the other kind, with a prompt what does not belong.
 * @param {string} tool
 */
export const erasing = (tool) => {
  if (isSeed(tool)) return tool === "seed-in" ? "seed-out" : "seed-in";
  if (isPrompt(tool)) return tool;
  return isBrush(tool) ? "eraser" : isPolygon(tool) ? null : "freehand-cut";
};
/** @param {string} tool */
const paintOf = (tool) => (tool === "eraser" || tool.endsWith("cut") ? 0 : 1);

/**
 * The next size up (1) or down (-1).
 * @param {number} sizeMm
 * @param {number} step
 */
export function nextSize(sizeMm, step) {
  const sizes = step > 0 ? SIZES_MM.find((mm) => mm > sizeMm) : SIZES_MM.findLast((mm) => mm < sizeMm);
  return sizes ?? sizeMm;
}

/**
 * Plane millimetres (pure/geometry.js) on slice `index` -> voxel coordinates.
 * @param {PlaneName} plane
 * @param {PlanePoint} point
 * @param {number} index
 * @param {Triple} shape
 * @param {Triple} spacing
 * @returns {Triple}
 */
export function planeToFraction(plane, { u, v }, index, shape, spacing) {
  const { column, row, through, flipRows } = PLANES[plane];
  const ijk = [0, 0, 0];
  const down = v / spacing[row] - 0.5;
  ijk[column] = u / spacing[column] - 0.5;
  ijk[row] = flipRows ? shape[row] - 1 - down : down;
  ijk[through] = index;
  return ijk;
}

/** One stroke of a brush or eraser; `allowed(i, j, k)` limits a brush by HU. */
export class BrushStroke {
  /**
   * @param {EditMask} mask
   * @param {PlaneName} plane
   * @param {{ tool: string, sizeMm: number, ball: boolean, allowed: Allowed | null }} options
   */
  constructor(mask, plane, { tool, sizeMm, ball, allowed }) {
    this.mask = mask;
    this.options = {
      radiusMm: sizeMm / 2,
      value: paintOf(tool),
      flatAxis: ball ? null : PLANES[plane].through,
      allowed: tool === "brush" ? allowed : null,
    };
    /** @type {Triple | null} */
    this.last = null;
  }

  /** @param {Triple} point */
  add(point) {
    paintCapsule(this.mask, this.last ?? point, point, this.options);
    this.last = point;
  }

  finish() {}
}

/** A line drawn by hand or corner by corner; it is filled when it is finished. */
export class Outline {
  /**
   * @param {EditMask} mask
   * @param {PlaneName} plane
   * @param {number} index
   * @param {string} tool
   */
  constructor(mask, plane, index, tool) {
    this.mask = mask;
    this.plane = plane;
    this.index = index;
    this.tool = tool;
    /** @type {Triple[]} */
    this.points = [];
  }

  /** @param {Triple} point */
  add(point) {
    this.points.push(point);
  }

  finish() {
    paintPolygon(this.mask, this.plane, this.index, this.points, paintOf(this.tool));
  }
}

/**
 * The middle nine tenths of the HU inside a contour, as [low, high]; null when it is empty.
 * @param {EditMask} mask
 * @param {HuAt} hu
 */
export function huRange(mask, hu) {
  const box = mask.bounds();
  if (!box) return null;
  /** @type {number[]} */
  const values = [];
  const step = Math.max(1, Math.round(Math.cbrt(mask.voxels / 20000)));
  for (let k = box.low[2]; k < box.high[2]; k += step) {
    for (let j = box.low[1]; j < box.high[1]; j += step) {
      for (let i = box.low[0]; i < box.high[0]; i += step) {
        const value = mask.holds(i, j, k) ? hu(i, j, k) : null;
        if (value !== null) values.push(value);
      }
    }
  }
  if (!values.length) return null;
  values.sort((a, b) => a - b);
  return [values[Math.floor(values.length * 0.05)], values[Math.floor((values.length - 1) * 0.95)]];
}

/**
 * Which voxels a brush may take when it is limited to a range of HU; null when it may take all.
 * @param {{ huLimited: boolean, hu: number[] }} options
 * @param {{ hu: HuAt }} volume
 * @returns {Allowed | null}
 */
export function huLimit({ huLimited, hu: [low, high] }, volume) {
  if (!huLimited) return null;
  return (i, j, k) => {
    const hu = volume.hu(i, j, k);
    return hu !== null && hu >= low && hu <= high;
  };
}
