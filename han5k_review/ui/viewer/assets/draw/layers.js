// Draws the label layers of one slice: fills, outlines, difference. Paths are in plane millimetres.

/** Line styles of label sets, in units of the line's width. */
export const DASHES = { solid: [], dashed: [7, 4], dotted: [1.5, 3], "dash-dot": [8, 3, 1.5, 3] };

const ONLY_REVIEWED = "rgba(255, 120, 80, 0.5)";
const ONLY_COMPARED = "rgba(90, 190, 255, 0.5)";

/**
 * `layers`: [{ path, colour, line, chosen }], the largest structure first, the chosen one last.
 * `style`: { fill, opacity, thickness }; thickness in screen pixels, `scale` in pixels per millimetre.
 */
export function drawLayers(context, layers, style, scale) {
  if (style.fill) {
    for (const layer of layers) {
      context.globalAlpha = style.opacity * (layer.chosen ? 1 : 0.6);
      context.fillStyle = layer.colour;
      context.fill(layer.path, "evenodd");
    }
  }
  context.lineJoin = "round";
  for (const { path, colour, line, chosen } of layers) {
    const width = (style.thickness * (chosen ? 1.6 : 1)) / scale;
    context.setLineDash((DASHES[line] ?? []).map((part) => (part * Math.max(1.2, style.thickness)) / scale));
    if (chosen) {
      context.globalAlpha = 0.55;
      context.lineWidth = width + 2 / scale;
      context.strokeStyle = "#000";
      context.stroke(path);
    }
    context.globalAlpha = chosen ? 1 : 0.8;
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke(path);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

/** Shades what only one of two outlines holds; either may be null. */
export function drawDifference(context, reviewed, compared) {
  const both = new Path2D();
  if (reviewed) both.addPath(reviewed);
  if (compared) both.addPath(compared);
  for (const [own, colour] of [[reviewed, ONLY_REVIEWED], [compared, ONLY_COMPARED]]) {
    if (!own) continue;
    context.save();
    context.clip(own, "evenodd");
    context.fillStyle = colour;
    context.fill(both, "evenodd");
    context.restore();
  }
}
