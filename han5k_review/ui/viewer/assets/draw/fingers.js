// Fingers on a view. One finger steps through slices, taps for the crosshair, rests a moment and then
// drags the window; while a tool is in hand (brush, polygon, ruler) it does what the mouse does. Two
// fingers zoom and move the picture, whatever the tool. A pen is a mouse.

import { panCamera, zoomCamera } from "../pure/cameras.js";
import { dragWindow } from "../pure/windowing.js";

const REST_MS = 450;
const STILL_PIXELS = 8;
const SLICE_PIXELS = 12;

export class Fingers {
  constructor(stage) {
    Object.assign(this, { stage, view: null, down: new Map(), gesture: null, timer: null });
  }

  press(view, event) {
    if (this.down.size && this.view !== view) return;
    event.preventDefault();
    view.root.setPointerCapture(event.pointerId);
    this.view = view;
    this.down.set(event.pointerId, this.stage.at(view, event));
    if (this.down.size === 1) this.gesture = this.one(event);
    else if (this.down.size === 2) this.gesture = this.two();
  }

  move(event) {
    if (!this.down.has(event.pointerId)) return;
    this.down.set(event.pointerId, this.stage.at(this.view, event));
    this.gesture?.move(event);
  }

  /** The last of several fingers does nothing more: the picture must not jump as they leave. */
  lift(event) {
    if (!this.down.delete(event.pointerId)) return;
    this.gesture?.end(event.type === "pointerup");
    this.gesture = null;
  }

  one(event) {
    const { stage, view } = this;
    const [start] = this.down.values();
    const inHand =
      stage.editor?.pointer.press(view, start) ??
      (stage.reading.state.tool === "ruler" ? stage.dragOf(view, event, start) : null);
    return inHand ? this.tool(inHand, start, event) : this.slices(start);
  }

  tool(drag, start, event) {
    const { stage, view } = this;
    drag(start, event);
    return {
      move: (next) => drag(stage.at(view, next), next),
      end: () => drag.end?.(),
      giveWay: () => stage.editor?.pointer.cancel(),
    };
  }

  slices(start) {
    const { stage, view } = this;
    const { reading } = stage;
    const before = reading.state.window;
    let [kind, done] = ["tap", 0];
    const timer = setTimeout(() => {
      if (kind === "tap") kind = "window";
    }, REST_MS);
    return {
      move: (event) => {
        const { x, y } = stage.at(view, event);
        if (kind === "tap" && Math.hypot(x - start.x, y - start.y) > STILL_PIXELS) kind = "slices";
        if (kind === "window") reading.setWindow(dragWindow(before, x - start.x, start.y - y));
        if (kind !== "slices") return;
        const wanted = Math.trunc((start.y - y) / SLICE_PIXELS);
        if (wanted !== done) reading.step(view.plane, wanted - done);
        done = wanted;
      },
      end: (lifted) => {
        clearTimeout(timer);
        const voxel = lifted && kind === "tap" ? view.voxelAt(start.x, start.y) : null;
        if (voxel) reading.moveTo(voxel);
      },
      giveWay: () => clearTimeout(timer),
    };
  }

  two() {
    this.gesture?.giveWay?.();
    const { stage, view } = this;
    const between = () => {
      const [a, b] = this.down.values();
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
    };
    const [from, before] = [between(), view.camera];
    return {
      move: () => {
        const { x, y, apart } = between();
        const zoomed = zoomCamera(
          before,
          view.size,
          view.width,
          view.height,
          apart / from.apart,
          from.x,
          from.y,
        );
        const moved = panCamera(zoomed, view.size, view.width, view.height, x - from.x, y - from.y);
        stage.reading.setCamera(view.plane, view.wishOf(moved));
      },
      end: () => {},
    };
  }
}
