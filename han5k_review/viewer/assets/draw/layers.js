// @ts-check
// Draws the label layers of one slice: fills, outlines, difference. Paths are in plane millimetres.

/** @import { LabelLine } from "../pure/payload.js" */

/**
 * One outline of a slice; `compared` marks lines of the second label set, which are never filled.
 * @typedef {object} Layer
 * @property {Path2D} path
 * @property {string} colour
 * @property {LabelLine} line
 * @property {number} voxels
 * @property {boolean} chosen
 * @property {boolean} [compared]
 */

/** @typedef {{ fill: boolean, opacity: number, thickness: number, dimmed: boolean }} LayerStyle Thickness in
 * screen pixels; `dimmed`: all but the chosen structure. */

/**
 * Line styles of label sets, in units of the line's width.
 * @type {Record<LabelLine, number[]>}
 */
export const DASHES = { solid: [], dashed: [7, 4], dotted: [1.5, 3], "dash-dot": [8, 3, 1.5, 3] };

const ONLY_REVIEWED = "rgba(255, 120, 80, 0.5)";
const ONLY_COMPARED = "rgba(90, 190, 255, 0.5)";

const DIMMED = 0.3;

/**
 * How strongly a line is drawn: the chosen structure's fully, a compared set's below all others.
 * @param {Layer} layer
 * @param {boolean} dimmed
 */
export const strength = ({ chosen, compared }, dimmed) =>
  chosen ? 1 : (compared ? 0.7 : 0.8) * (dimmed ? DIMMED : 1);

/**
 * `layers`: [{ path, colour, line, chosen, compared }], the largest structure first, the chosen one
 * last; `compared` marks lines of the second label set, which are never filled.
 * `style`: { fill, opacity, thickness, dimmed }; thickness in screen pixels, `scale` in pixels per millimetre.
 * @param {CanvasRenderingContext2D} context
 * @param {Layer[]} layers
 * @param {LayerStyle} style
 * @param {number} scale
 */
export function drawLayers(context, layers, style, scale) {
  if (style.fill) {
    for (const layer of layers) {
      if (layer.compared) continue;
      context.globalAlpha = style.opacity * (layer.chosen ? 1 : style.dimmed ? 0.6 * DIMMED : 0.6);
      context.fillStyle = layer.colour;
      context.fill(layer.path, "evenodd");
    }
  }
  context.lineJoin = "round";
  /** @param {LabelLine} line */
  const dashOf = (line) => DASHES[line].map((part) => (part * Math.max(1.2, style.thickness)) / scale);
  /** @type {LabelLine | null} */
  let dashed = null;
  for (const layer of layers) {
    const { path, colour, line, chosen } = layer;
    const width = (style.thickness * (chosen ? 1.6 : 1)) / scale;
    if (line !== dashed) context.setLineDash(dashOf(line));
    dashed = line;
    if (chosen) {
      context.globalAlpha = 0.55;
      context.lineWidth = width + 2 / scale;
      context.strokeStyle = "#000";
      context.stroke(path);
    }
    context.globalAlpha = strength(layer, style.dimmed);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(path);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/**
 * Shades what only one of two outlines holds; either may be null.
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D | null} reviewed
 * @param {Path2D | null} compared
 */
export function drawDifference(context, reviewed, compared) {
  const both = new Path2D();
  if (reviewed) both.addPath(reviewed);
  if (compared) both.addPath(compared);
  for (const { own, colour } of [
    { own: reviewed, colour: ONLY_REVIEWED },
    { own: compared, colour: ONLY_COMPARED },
  ]) {
    if (!own) continue;
    context.save();
    context.clip(own, "evenodd");
    context.fillStyle = colour;
    context.fill(both, "evenodd");
    context.restore();
  }
}
