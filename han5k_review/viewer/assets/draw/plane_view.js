// @ts-check
// One view of one plane: a canvas for the picture, light elements above it for everything else.
//
// The picture is redrawn when its slice, window, camera or labels change; crosshair, readout and ruler
// are elements moved by transform, so that they cost no redraw.

import { canvas2d, h, setStyle, setText } from "../panels/dom.js";
import { boundCamera, fitCamera, planeToScreen, scaleBar, screenToPlane } from "../pure/cameras.js";
import {
  formatPosition,
  PLANES,
  planeSize,
  planeToVoxel,
  sideLetters,
  voxelToPlane,
  voxelToRas,
} from "../pure/geometry.js";
import { drawBand } from "./band_layer.js";
import { drawDose } from "./dose_layers.js";
import { drawDifference, drawLayers } from "./layers.js";
import { PlaneImage } from "./plane_image.js";
import { RulerMark } from "./ruler_mark.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { Camera, CameraWish } from "../pure/cameras.js" */
/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Scene, Side } from "./scene.js" */

const SIDES = /** @type {const} */ (["left", "right", "top", "bottom"]);
const NO_CAMERA = { u: 0, v: 0, scale: 1 };
const NO_SIZE = planeSize("axial", [0, 0, 0], [0, 0, 0]);

export class PlaneView {
  /** @param {string} testid */
  constructor(testid) {
    this.canvas = h("canvas", { class: "picture", "data-testid": `${testid}-canvas` });
    this.context = canvas2d(this.canvas.getContext("2d", { alpha: false }));
    this.title = h("span", { class: "view-title", "data-testid": `${testid}-title` });
    this.readout = h("span", { class: "view-readout", "data-testid": `${testid}-readout` });
    this.notice = h("span", { class: "view-notice", "data-testid": `${testid}-notice`, role: "status" });
    this.across = h("i", { class: "cross across", "data-testid": `${testid}-cross-h` });
    this.down = h("i", { class: "cross down", "data-testid": `${testid}-cross-v` });
    this.bar = h("span", { class: "scale-bar", "data-testid": `${testid}-scale` });
    /** @param {string} side */
    const letter = (side) => h("span", { class: `letter ${side}`, "data-testid": `${testid}-${side}` });
    this.letters = SIDES.map((side) => ({ side, element: letter(side) }));
    this.ruler = new RulerMark(testid);
    this.root = h(
      "div",
      { class: "view", "data-testid": testid, role: "group", tabindex: "0" },
      this.canvas,
      this.across,
      this.down,
      this.ruler.root,
      ...this.letters.map(({ element }) => element),
      this.title,
      this.readout,
      this.notice,
      this.bar,
    );
    /** @type {PlaneName} */
    this.plane = "axial";
    /** @type {PlaneImage | null} */
    this.image = null;
    this.size = NO_SIZE;
    /** @type {Camera | null} what is on the screen; null before the first drawing */
    this.camera = null;
    this.index = 0;
    this.width = 0;
    this.height = 0;
    this.ratio = 1;
    /** @type {string | null} the scene that is on the screen */
    this.drawnKey = null;
    /** @type {Side} */
    this.side = "both";
  }

  /**
   * Show `plane` of `volume`; both may be the same as before.
   * @param {PlaneName} plane
   * @param {Volume | null} volume
   */
  bind(plane, volume) {
    if (this.plane === plane && this.image?.volume === volume) return;
    this.plane = plane;
    this.image = volume ? new PlaneImage(plane, volume) : null;
    this.root.dataset.plane = plane;
    this.root.setAttribute("aria-label", `${PLANES[plane].title} view`);
    if (!volume) return;
    this.size = planeSize(plane, volume.shape, volume.spacing);
    const letters = sideLetters(plane, volume.affine);
    for (const { side, element } of this.letters) setText(element, letters[side]);
    this.ruler.clear();
  }

  /** Take the element's present size; true when it changed. */
  resize() {
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    const width = this.root.clientWidth;
    const height = this.root.clientHeight;
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    Object.assign(this, { width, height, ratio });
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    return true;
  }

  get visible() {
    return this.width > 0 && this.height > 0;
  }

  /**
   * The camera of a { u, v, field } wish (null: the whole picture) for this view's size.
   * @param {CameraWish | null} wish
   * @returns {Camera}
   */
  cameraFor(wish) {
    const fit = fitCamera(this.size, this.width, this.height);
    if (!wish) return fit;
    const scale = Math.min(this.width, this.height) / wish.field;
    return boundCamera({ u: wish.u, v: wish.v, scale }, this.size, this.width, this.height);
  }

  /**
   * @param {Camera} camera
   * @returns {CameraWish}
   */
  wishOf(camera) {
    return { u: camera.u, v: camera.v, field: Math.min(this.width, this.height) / camera.scale };
  }

  /**
   * Draw a scene: { index, lut, stamp, camera, layers, difference, style, cursor, crosshair }.
   * @param {Scene} scene
   */
  draw(scene) {
    if (!this.image || !this.visible) return;
    const { context, ratio, size } = this;
    const camera = this.cameraFor(scene.camera);
    this.camera = camera;
    this.index = scene.index;
    const picture = this.image.paint(scene.index, scene.lut, scene.stamp);
    const scale = camera.scale * ratio;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    const x = (this.width / 2 - camera.u * camera.scale) * ratio;
    const y = (this.height / 2 - camera.v * camera.scale) * ratio;
    context.imageSmoothingEnabled = true;
    context.drawImage(picture, x, y, size.widthMm * scale, size.heightMm * scale);
    context.setTransform(scale, 0, 0, scale, x, y);
    const dose = scene.dose();
    if (dose) drawDose(context, dose, size, camera.scale);
    const band = scene.band();
    if (band) drawBand(context, band, camera.scale);
    const difference = scene.difference();
    if (difference) drawDifference(context, difference.reviewed, difference.compared);
    drawLayers(context, scene.layers(), scene.style, camera.scale);
    this.drawMarks(scene);
  }

  /** @param {Scene} scene */
  drawMarks(scene) {
    const { camera, image } = this;
    if (!image || !camera) return;
    const { volume } = image;
    if (this.root.dataset.slice !== String(scene.index)) this.root.dataset.slice = String(scene.index);
    setText(
      this.title,
      `${PLANES[this.plane].title} ${scene.index + 1} / ${this.size.slices}${scene.note ?? ""}`,
    );
    const place = this.screenOf(scene.cursor, volume, camera);
    if (this.across.hidden === scene.crosshair) this.across.hidden = this.down.hidden = !scene.crosshair;
    setStyle(this.across, "transform", `translateY(${Math.round(place.y)}px)`);
    setStyle(this.down, "transform", `translateX(${Math.round(place.x)}px)`);
    const bar = scaleBar(camera.scale, Math.min(160, this.width / 4));
    setStyle(this.bar, "width", `${bar.pixels}px`);
    setText(this.bar, bar.label);
    const slab = this.plane === "axial" ? volume.slabAt(scene.index) : null;
    setText(this.notice, slab && !slab.bytes ? (slab.reason ?? "Loading this slice ...") : "");
    this.notice.classList.toggle("bad", slab?.state === "damaged" || slab?.state === "failed");
    this.ruler.show((point) => planeToScreen(camera, point.u, point.v, this.width, this.height), scene.index);
  }

  /**
   * Centre of a voxel in pixels of this view.
   * @param {Triple} ijk
   * @param {Volume} volume
   * @param {Camera} camera
   */
  screenOf(ijk, volume, camera) {
    const { u, v } = voxelToPlane(this.plane, ijk, volume.shape, volume.spacing);
    return planeToScreen(camera, u, v, this.width, this.height);
  }

  /**
   * The voxel under a point of this view, or null.
   * @param {number} x
   * @param {number} y
   */
  voxelAt(x, y) {
    if (!this.image || !this.camera) return null;
    const { volume } = this.image;
    const { u, v } = screenToPlane(this.camera, x, y, this.width, this.height);
    return planeToVoxel(this.plane, u, v, this.index, volume.shape, volume.spacing);
  }

  /**
   * Plane millimetres of a point of this view.
   * @param {number} x
   * @param {number} y
   */
  planePoint(x, y) {
    return screenToPlane(this.camera ?? NO_CAMERA, x, y, this.width, this.height);
  }

  /**
   * Say HU, dose and place of a voxel (null clears).
   * @param {Triple | null} ijk
   * @param {string} [dose]
   */
  say(ijk, dose = "") {
    const volume = this.image?.volume;
    if (!ijk || !volume) return setText(this.readout, "");
    const hu = volume.hu(ijk[0], ijk[1], ijk[2]);
    const place = formatPosition(voxelToRas(volume.affine, ijk));
    return setText(this.readout, `${hu === null ? "-" : hu} HU   ${dose}${place}`);
  }
}
