// @ts-check
// Fingers on a view. One finger steps through slices, taps for the crosshair, rests a moment and then
// drags the window; while a tool is in hand (brush, polygon, ruler) it does what the mouse does. Two
// fingers zoom and move the picture, whatever the tool. A pen is a mouse.

import { panCamera, zoomCamera } from "../pure/cameras.js";
import { dragWindow } from "../pure/windowing.js";
import { dragOf } from "./drags.js";

/** @import { ScreenPoint } from "../pure/cameras.js" */
/** @import { PlaneView } from "./plane_view.js" */
/** @import { Drag } from "./drags.js" */
/** @import { Stage } from "./stage.js" */

/**
 * What the fingers on a view do; `giveWay`: another finger came.
 * @typedef {object} Gesture
 * @property {(event: PointerEvent) => void} move
 * @property {(lifted: boolean) => void} end
 * @property {() => void} [giveWay]
 */

const REST_MS = 450;
const STILL_PIXELS = 8;
const SLICE_PIXELS = 12;

export class Fingers {
  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    /** @type {PlaneView | null} */
    this.view = null;
    /** @type {Map<number, ScreenPoint>} */
    this.down = new Map();
    /** @type {Gesture | null} */
    this.gesture = null;
  }

  /**
   * @param {PlaneView} view
   * @param {PointerEvent} event
   */
  press(view, event) {
    if (this.down.size && this.view !== view) return;
    event.preventDefault();
    view.root.setPointerCapture(event.pointerId);
    this.view = view;
    this.down.set(event.pointerId, this.stage.at(view, event));
    if (this.down.size === 1) this.gesture = this.one(view, event);
    else if (this.down.size === 2) this.gesture = this.two(view);
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (!this.view || !this.down.has(event.pointerId)) return;
    this.down.set(event.pointerId, this.stage.at(this.view, event));
    this.gesture?.move(event);
  }

  /**
   * The last of several fingers does nothing more: the picture must not jump as they leave.
   * @param {PointerEvent} event
   */
  lift(event) {
    if (!this.down.delete(event.pointerId)) return;
    this.gesture?.end(event.type === "pointerup");
    this.gesture = null;
  }

  /**
   * @param {PlaneView} view
   * @param {PointerEvent} event
   * @returns {Gesture}
   */
  one(view, event) {
    const { stage } = this;
    const [start] = this.down.values();
    const inHand =
      stage.editor?.pointer.press(view, start) ??
      (stage.reading.state.tool === "ruler" ? dragOf(stage, view, event, start) : null);
    return inHand ? this.tool(view, inHand, start, event) : this.slices(view, start);
  }

  /**
   * @param {PlaneView} view
   * @param {Drag} drag
   * @param {ScreenPoint} start
   * @param {PointerEvent} event
   * @returns {Gesture}
   */
  tool(view, drag, start, event) {
    const { stage } = this;
    drag(start, event);
    return {
      move: (next) => drag(stage.at(view, next), next),
      end: () => drag.end?.(),
      giveWay: () => stage.editor?.pointer.cancel(),
    };
  }

  /**
   * @param {PlaneView} view
   * @param {ScreenPoint} start
   * @returns {Gesture}
   */
  slices(view, start) {
    const { stage } = this;
    const { reading } = stage;
    const before = reading.state.window;
    let [kind, done] = ["tap", 0];
    const timer = setTimeout(() => {
      if (kind !== "tap") return;
      kind = "window";
      view.root.dataset.drags = "window";
    }, REST_MS);
    const rested = () => {
      clearTimeout(timer);
      delete view.root.dataset.drags;
    };
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
        rested();
        const voxel = lifted && kind === "tap" ? view.voxelAt(start.x, start.y) : null;
        if (voxel) reading.moveTo(voxel);
      },
      giveWay: rested,
    };
  }

  /**
   * @param {PlaneView} view
   * @returns {Gesture | null}
   */
  two(view) {
    this.gesture?.giveWay?.();
    const { stage } = this;
    const between = () => {
      const [a, b] = this.down.values();
      return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)) };
    };
    const from = between();
    const before = view.camera;
    if (!before) return null;
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
