// @ts-check
// Isodose lines and colour wash of a slice. Paths are in plane millimetres, made once per slice and level.

import { latticeOf, sampleDose } from "../pure/dose_grid.js";
import { drawIsodose } from "../pure/isodose.js";

/** @import { CtGrid, DoseGrid } from "../pure/dose_grid.js" */
/** @import { PlaneName, PlaneSize } from "../pure/geometry.js" */
/** @import { Level } from "../pure/isodose.js" */

/** @typedef {{ colour: string, line: Path2D, band: Path2D }} DoseLayer `band`: from this level to the next. */
/** @typedef {{ layers: DoseLayer[], lines: boolean, wash: boolean, opacity: number }} DosePicture */

const KEPT = 600;
const LINE_PIXELS = 1.2;

export class DosePaths {
  /**
   * @param {CtGrid} ct
   * @param {DoseGrid} dose
   */
  constructor(ct, dose) {
    this.ct = ct;
    this.dose = dose;
    /** @type {Map<string, DoseLayer[]>} */
    this.known = new Map();
  }

  /**
   * The levels, highest first, that some point of a slice reaches.
   * @param {PlaneName} plane
   * @param {number} index
   * @param {Level[]} levels
   */
  of(plane, index, levels) {
    const key = `${plane}|${index}`;
    const found = this.known.get(key) ?? this.build(plane, index, levels);
    this.known.set(key, found);
    if (this.known.size > KEPT) {
      const [oldest] = this.known.keys();
      this.known.delete(oldest);
    }
    return found;
  }

  /**
   * @param {PlaneName} plane
   * @param {number} index
   * @param {Level[]} levels
   */
  build(plane, index, levels) {
    const lattice = latticeOf(plane, index, this.ct, this.dose);
    const values = sampleDose(lattice, this.dose);
    /** @type {DoseLayer[]} */
    const layers = [];
    for (const { gy, colour } of levels) {
      const line = drawIsodose(new Path2D(), values, lattice, gy);
      if (!line) continue;
      const band = new Path2D(line);
      const hotter = layers.at(-1)?.line;
      if (hotter) band.addPath(hotter);
      layers.push({ colour, line, band });
    }
    return layers;
  }

  /** Other levels or colours. */
  forget() {
    this.known.clear();
  }
}

/**
 * `scale`: canvas pixels per millimetre of the plane.
 * @param {CanvasRenderingContext2D} context
 * @param {DosePicture} picture
 * @param {PlaneSize} size
 * @param {number} scale
 */
export function drawDose(context, { layers, lines, wash, opacity }, size, scale) {
  context.save();
  context.beginPath();
  context.rect(0, 0, size.widthMm, size.heightMm);
  context.clip();
  context.globalAlpha = opacity;
  for (const { colour, band } of wash ? layers : []) {
    context.fillStyle = colour;
    context.fill(band, "evenodd");
  }
  context.globalAlpha = 1;
  context.lineWidth = LINE_PIXELS / scale;
  context.lineJoin = "round";
  for (const { colour, line } of lines ? layers : []) {
    context.strokeStyle = colour;
    context.stroke(line);
  }
  context.restore();
}
