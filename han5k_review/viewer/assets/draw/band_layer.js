// @ts-check
// The edit band of one slice: a faint area between two fine lines. Paths are in plane millimetres.

/** @typedef {{ outer: Path2D | null, inner: Path2D | null }} BandPicture */

const AREA = "rgba(190, 150, 255, 0.18)";
const LINE = "rgba(205, 175, 255, 0.55)";

/**
 * `scale`: pixels of the screen per millimetre of the plane.
 * @param {CanvasRenderingContext2D} context
 * @param {BandPicture} picture
 * @param {number} scale
 */
export function drawBand(context, { outer, inner }, scale) {
  const both = new Path2D();
  for (const path of [outer, inner]) if (path) both.addPath(path);
  context.fillStyle = AREA;
  context.fill(both, "evenodd");
  context.setLineDash([]);
  context.lineWidth = 1 / scale;
  context.strokeStyle = LINE;
  context.stroke(both);
}
