// @ts-check
// What dragging on a view does: the window, the picture, the ruler, the crosshair; while editing, the tool,
// and with the right button its eraser (Shift and the right button: the window).

import { panCamera } from "../pure/cameras.js";
import { holds } from "../pure/masks.js";
import { dragWindow } from "../pure/windowing.js";

/** @import { ScreenPoint } from "../pure/cameras.js" */
/** @import { Triple } from "../pure/geometry.js" */
/** @import { Reading } from "../reading.js" */
/** @import { PlaneView } from "./plane_view.js" */
/** @import { Stage } from "./stage.js" */

/**
 * What the moves of a pointer do; `end` comes when it is lifted.
 * @typedef {((at: ScreenPoint, event: PointerEvent) => void) & { end?: () => void }} Drag
 */

/**
 * What dragging does: right button window or, while editing, eraser; middle or Shift pan, else the tool.
 * @param {Stage} stage
 * @param {PlaneView} view
 * @param {PointerEvent} event
 * @param {ScreenPoint} start
 * @returns {Drag | null}
 */
export function dragOf(stage, view, event, start) {
  const tool =
    event.button === 2 ? "window" : event.button === 1 || event.shiftKey ? "pan" : stage.reading.state.tool;
  if (event.button > 2) return null;
  const mayDraw = event.button !== 1 && !event.shiftKey;
  const drawing = mayDraw ? stage.editor?.pointer.press(view, start, event.button === 2) : null;
  if (drawing) return drawing;
  if (tool === "window") {
    const before = stage.reading.state.window;
    return ({ x, y }) => stage.reading.setWindow(dragWindow(before, x - start.x, start.y - y));
  }
  if (tool === "pan") {
    const before = view.camera;
    if (!before) return null;
    return ({ x, y }) => {
      const camera = panCamera(before, view.size, view.width, view.height, x - start.x, y - start.y);
      stage.reading.setCamera(view.plane, view.wishOf(camera));
    };
  }
  if (tool === "ruler") {
    const from = view.planePoint(start.x, start.y);
    return ({ x, y }) => {
      view.ruler.set(from, view.planePoint(x, y), view.index);
      stage.reading.change({}, "camera");
    };
  }
  return ({ x, y }) => {
    const voxel = view.voxelAt(x, y);
    if (voxel) stage.reading.moveTo(voxel);
  };
}

/**
 * The smallest shown structure under a voxel.
 * @param {Reading} reading
 * @param {Triple} voxel
 */
export function structureAt(reading, voxel) {
  /** @param {string} name */
  const voxelsOf = (name) => reading.mask(name)?.voxels ?? 0;
  return (
    reading.structures
      .filter((s) => reading.isShown(s.name) && holds(reading.mask(s.name), voxel[0], voxel[1], voxel[2]))
      .sort((a, b) => voxelsOf(a.name) - voxelsOf(b.name))[0]?.name ?? null
  );
}
