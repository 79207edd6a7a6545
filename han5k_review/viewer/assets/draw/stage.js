// @ts-check
// The views side by side: which plane is where, their pointers and wheels, one drawing per frame.

import { h } from "../panels/dom.js";
import { zoomCamera } from "../pure/cameras.js";
import { PLANE_NAMES } from "../pure/geometry.js";
import { dragOf, structureAt } from "./drags.js";
import { Fingers } from "./fingers.js";
import { PlaneView } from "./plane_view.js";
import { buildScene } from "./scene.js";

/** @import { Editor } from "../edit/editor.js" */
/** @import { ScreenPoint } from "../pure/cameras.js" */
/** @import { Reading } from "../reading.js" */

const WHEEL_PIXELS = 50;
const ENOUGH_MS = 12;

export class Stage {
  /**
   * `act(action, argument)`; `reading` may still be without a volume.
   * @param {Reading} reading
   * @param {(action: string, argument?: any) => void} act
   */
  constructor(reading, act) {
    this.reading = reading;
    this.act = act;
    this.fingers = new Fingers(this);
    this.main = this.makeView("main");
    this.upper = this.makeView("upper");
    this.lower = this.makeView("lower");
    this.views = [this.main, this.upper, this.lower];
    this.root = h("div", { class: "stage", "data-testid": "stage" }, ...this.views.map((view) => view.root));
    this.wheel = 0;
    /** @type {Editor | null} */
    this.editor = null;
    this.arrange();
  }

  /** @param {string} place */
  makeView(place) {
    const view = new PlaneView(`view-${place}`);
    view.root.classList.add(place);
    view.root.addEventListener("wheel", (event) => this.onWheel(view, event), { passive: false });
    view.root.addEventListener("pointerdown", (event) => this.onDown(view, event));
    view.root.addEventListener("pointermove", (event) => this.onHover(view, event));
    view.root.addEventListener("pointerup", (event) => this.fingers.lift(event));
    view.root.addEventListener("pointercancel", (event) => this.fingers.lift(event));
    view.root.addEventListener("pointerleave", () => this.onLeave(view));
    view.root.addEventListener("contextmenu", (event) => event.preventDefault());
    view.root.addEventListener("dblclick", () => {
      if (!this.editor?.active) this.act("plane", view.plane);
    });
    return view;
  }

  arrange() {
    const { layout, main } = this.reading.state;
    this.root.dataset.layout = layout;
    const others = PLANE_NAMES.filter((plane) => plane !== main);
    const planes = layout === "pair" ? [main, main, main] : [main, ...others];
    this.views.forEach((view, n) => {
      view.bind(planes[n], this.reading.volume);
      view.drawnKey = null;
    });
    this.main.side = layout === "pair" ? "reviewed" : "both";
    this.upper.side = layout === "pair" ? "compared" : "both";
    this.lower.side = "both";
  }

  focus() {
    this.main.root.focus({ preventScroll: true });
  }

  resize() {
    let changed = false;
    for (const view of this.views) {
      if (view.resize()) {
        view.drawnKey = null;
        changed = true;
      }
    }
    return changed;
  }

  /**
   * Draw what has changed, the large view first. True when a small one has to wait for the next frame:
   * the outlines of 50 structures, traced for three planes at once, would hold the page for 100 ms.
   */
  draw() {
    const { volume } = this.reading;
    if (!volume) return false;
    const began = performance.now();
    let waiting = false;
    for (const view of this.views) {
      if (!view.visible || !view.image) continue;
      const scene = buildScene(this.reading, volume, view.plane, view.side);
      if (scene.key === view.drawnKey) view.drawMarks(scene);
      else if (view !== this.main && performance.now() - began > ENOUGH_MS) waiting = true;
      else {
        view.draw(scene);
        view.drawnKey = scene.key;
      }
    }
    return waiting;
  }

  /** Is the slice of the large view on the screen, with CT in it? */
  get shown() {
    const { volume, state } = this.reading;
    return Boolean(volume && this.main.camera && volume.slabAt(state.cursor[2]).bytes);
  }

  /**
   * @param {PlaneView} view
   * @param {MouseEvent} event
   * @returns {ScreenPoint}
   */
  at(view, event) {
    const box = view.root.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /**
   * @param {PlaneView} view
   * @param {WheelEvent} event
   */
  onWheel(view, event) {
    event.preventDefault();
    if (!view.camera) return;
    if (event.ctrlKey && this.editor?.active) {
      this.sizeBrush(event.deltaY);
      return;
    }
    if (event.ctrlKey) {
      const { x, y } = this.at(view, event);
      this.zoom(view, Math.exp(-event.deltaY / 250), x, y);
      return;
    }
    const pixels = event.deltaMode === 1 ? event.deltaY * WHEEL_PIXELS : event.deltaY;
    const notch = Math.abs(pixels) >= WHEEL_PIXELS;
    this.wheel = notch ? 0 : this.wheel + pixels;
    const steps = notch ? Math.sign(pixels) : Math.trunc(this.wheel / WHEEL_PIXELS);
    if (steps === 0) return;
    this.wheel -= notch ? 0 : steps * WHEEL_PIXELS;
    this.reading.step(view.plane, -steps);
  }

  /**
   * Ctrl and the wheel while editing; a notch is a step, a touchpad's small moves add up.
   * @param {number} pixels
   */
  sizeBrush(pixels) {
    this.wheel += pixels;
    if (Math.abs(this.wheel) < WHEEL_PIXELS) return;
    this.act(this.wheel < 0 ? "brush-larger" : "brush-smaller");
    this.wheel = 0;
  }

  /**
   * @param {PlaneView} view
   * @param {number} factor
   */
  zoom(view, factor, x = view.width / 2, y = view.height / 2) {
    if (!view.camera) return;
    const camera = zoomCamera(view.camera, view.size, view.width, view.height, factor, x, y);
    this.reading.setCamera(view.plane, view.wishOf(camera));
  }

  /** @param {number} factor */
  zoomMain(factor) {
    this.zoom(this.main, factor);
  }

  /**
   * @param {PlaneView} view
   * @param {PointerEvent} event
   */
  onHover(view, event) {
    if (event.pointerType === "touch") this.fingers.move(event);
    const { x, y } = this.at(view, event);
    const voxel = view.voxelAt(x, y);
    view.say(voxel, this.reading.dose?.sayAt(voxel));
    this.editor?.pointer.hover(view, { x, y });
  }

  /** @param {PlaneView} view */
  onLeave(view) {
    view.say(null);
    this.editor?.pointer.hover(view, null);
  }

  /**
   * @param {PlaneView} view
   * @param {PointerEvent} event
   */
  onDown(view, event) {
    if (!view.camera) return;
    view.root.focus({ preventScroll: true });
    if (event.pointerType === "touch") {
      this.fingers.press(view, event);
      return;
    }
    const start = this.at(view, event);
    if (event.altKey) {
      const voxel = view.voxelAt(start.x, start.y);
      if (voxel) this.act("choose", structureAt(this.reading, voxel));
      return;
    }
    const move = dragOf(this, view, event, start);
    if (!move) return;
    event.preventDefault();
    view.root.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} next */
    const onMove = (next) => move(this.at(view, next), next);
    const stop = () => {
      view.root.removeEventListener("pointermove", onMove);
      view.root.removeEventListener("pointerup", stop);
      view.root.removeEventListener("pointercancel", stop);
      move.end?.();
    };
    view.root.addEventListener("pointermove", onMove);
    view.root.addEventListener("pointerup", stop);
    view.root.addEventListener("pointercancel", stop);
    move(start, event);
  }

  clearRulers() {
    for (const view of this.views) view.ruler.clear();
  }
}
