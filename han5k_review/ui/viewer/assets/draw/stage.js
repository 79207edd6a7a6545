// The views side by side: which plane is where, their pointers and wheels, one drawing per frame.

import { h } from "../panels/dom.js";
import { panCamera, zoomCamera } from "../pure/cameras.js";
import { PLANE_NAMES } from "../pure/geometry.js";
import { holds } from "../pure/masks.js";
import { dragWindow } from "../pure/windowing.js";
import { Fingers } from "./fingers.js";
import { PlaneView } from "./plane_view.js";
import { buildScene } from "./scene.js";

const WHEEL_PIXELS = 50;
const ENOUGH_MS = 12;

export class Stage {
  /** `act(action, argument)`; `reading` may still be without a volume. */
  constructor(reading, act) {
    this.reading = reading;
    this.act = act;
    this.fingers = new Fingers(this);
    this.views = ["main", "upper", "lower"].map((place) => this.makeView(place));
    [this.main, this.upper, this.lower] = this.views;
    this.root = h("div", { class: "stage", "data-testid": "stage" }, ...this.views.map((view) => view.root));
    this.wheel = 0;
    this.editor = null;
    this.arrange();
  }

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

  at(view, event) {
    const box = view.root.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

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

  /** Ctrl and the wheel while editing; a notch is a step, a touchpad's small moves add up. */
  sizeBrush(pixels) {
    this.wheel += pixels;
    if (Math.abs(this.wheel) < WHEEL_PIXELS) return;
    this.act(this.wheel < 0 ? "brush-larger" : "brush-smaller");
    this.wheel = 0;
  }

  zoom(view, factor, x = view.width / 2, y = view.height / 2) {
    if (!view.camera) return;
    const camera = zoomCamera(view.camera, view.size, view.width, view.height, factor, x, y);
    this.reading.setCamera(view.plane, view.wishOf(camera));
  }

  zoomMain(factor) {
    this.zoom(this.main, factor);
  }

  onHover(view, event) {
    if (event.pointerType === "touch") this.fingers.move(event);
    const { x, y } = this.at(view, event);
    const voxel = view.voxelAt(x, y);
    view.say(voxel);
    this.editor?.pointer.hover(view, { x, y });
  }

  onLeave(view) {
    view.say(null);
    this.editor?.pointer.hover(view, null);
  }

  /** The smallest shown structure under a voxel. */
  structureAt(voxel) {
    const { reading } = this;
    return (
      reading.structures
        .filter((s) => reading.isShown(s.name) && holds(reading.mask(s.name), ...voxel))
        .sort((a, b) => reading.mask(a.name).voxels - reading.mask(b.name).voxels)[0]?.name ?? null
    );
  }

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
      if (voxel) this.act("choose", this.structureAt(voxel));
      return;
    }
    const move = this.dragOf(view, event, start);
    if (!move) return;
    event.preventDefault();
    view.root.setPointerCapture(event.pointerId);
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

  /** What dragging does: right button window, middle or Shift pan, else the tool. */
  dragOf(view, event, start) {
    const tool =
      event.button === 2 ? "window" : event.button === 1 || event.shiftKey ? "pan" : this.reading.state.tool;
    if (event.button > 2) return null;
    const drawing = event.button === 0 && !event.shiftKey ? this.editor?.pointer.press(view, start) : null;
    if (drawing) return drawing;
    if (tool === "window") {
      const before = this.reading.state.window;
      return ({ x, y }) => this.reading.setWindow(dragWindow(before, x - start.x, start.y - y));
    }
    if (tool === "pan") {
      const before = view.camera;
      return ({ x, y }) => {
        const camera = panCamera(before, view.size, view.width, view.height, x - start.x, y - start.y);
        this.reading.setCamera(view.plane, view.wishOf(camera));
      };
    }
    if (tool === "ruler") {
      const from = view.planePoint(start.x, start.y);
      return ({ x, y }) => {
        view.ruler.set(from, view.planePoint(x, y), view.index);
        this.reading.change({}, "camera");
      };
    }
    return ({ x, y }) => {
      const voxel = view.voxelAt(x, y);
      if (voxel) this.reading.moveTo(voxel);
    };
  }

  clearRulers() {
    for (const view of this.views) view.ruler.clear();
  }
}
