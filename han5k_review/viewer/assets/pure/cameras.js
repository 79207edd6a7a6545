// @ts-check
// A camera says what of a plane a view shows. No DOM.
//
// It is { u, v, scale }: the plane millimetre (geometry.js) in the middle of the view, pixels per millimetre.

/** @import { PlanePoint, PlaneSize } from "./geometry.js" */
/** @typedef {{ x: number, y: number }} ScreenPoint A point of a view, in pixels from its top left corner. */
/** @typedef {{ u: number, v: number, scale: number }} Camera `scale`: pixels per millimetre. */
/** @typedef {{ u: number, v: number, field: number }} CameraWish `field`: mm across the smaller side. */

/**
 * The whole picture, in a view of this size in pixels.
 * @param {PlaneSize} size
 * @param {number} width
 * @param {number} height
 * @returns {Camera}
 */
export function fitCamera(size, width, height) {
  const scale = Math.min(width / size.widthMm, height / size.heightMm) || 1;
  return { u: size.widthMm / 2, v: size.heightMm / 2, scale };
}

/**
 * @param {Camera} camera
 * @param {PlaneSize} size
 * @param {number} width
 * @param {number} height
 * @param {number} factor
 * @param {number} x
 * @param {number} y
 */
export function zoomCamera(camera, size, width, height, factor, x, y) {
  const fit = fitCamera(size, width, height).scale;
  const scale = Math.max(fit * 0.8, Math.min(fit * 40, camera.scale * factor));
  const { u, v } = screenToPlane(camera, x, y, width, height);
  const moved = { u: u - (x - width / 2) / scale, v: v - (y - height / 2) / scale, scale };
  return boundCamera(moved, size, width, height);
}

/**
 * @param {Camera} camera
 * @param {PlaneSize} size
 * @param {number} width
 * @param {number} height
 * @param {number} dx
 * @param {number} dy
 */
export function panCamera(camera, size, width, height, dx, dy) {
  const moved = { ...camera, u: camera.u - dx / camera.scale, v: camera.v - dy / camera.scale };
  return boundCamera(moved, size, width, height);
}

/**
 * Keeps the image in the view: an axis that fits is centred, one that does not has no gap.
 * @param {Camera} camera
 * @param {PlaneSize} size
 * @param {number} width
 * @param {number} height
 * @returns {Camera}
 */
export function boundCamera(camera, size, width, height) {
  /** @type {(middle: number, full: number, pixels: number) => number} */
  const bound = (middle, full, pixels) => {
    const half = pixels / camera.scale / 2;
    return half * 2 >= full ? full / 2 : Math.max(half, Math.min(full - half, middle));
  };
  return {
    u: bound(camera.u, size.widthMm, width),
    v: bound(camera.v, size.heightMm, height),
    scale: camera.scale,
  };
}

/**
 * @param {Camera} camera
 * @param {number} u
 * @param {number} v
 * @param {number} width
 * @param {number} height
 * @returns {ScreenPoint}
 */
export function planeToScreen(camera, u, v, width, height) {
  return { x: (u - camera.u) * camera.scale + width / 2, y: (v - camera.v) * camera.scale + height / 2 };
}

/**
 * @param {Camera} camera
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @returns {PlanePoint}
 */
export function screenToPlane(camera, x, y, width, height) {
  return { u: (x - width / 2) / camera.scale + camera.u, v: (y - height / 2) / camera.scale + camera.v };
}

/**
 * A round length that takes at most `pixels` on the screen: { mm, pixels, label }.
 * @param {number} scale
 * @param {number} pixels
 */
export function scaleBar(scale, pixels) {
  const longest = pixels / scale;
  const power = 10 ** Math.floor(Math.log10(longest));
  const mm = [5, 2, 1].map((step) => step * power).find((length) => length <= longest) ?? power;
  return { mm, pixels: mm * scale, label: mm >= 10 ? `${mm / 10} cm` : `${mm} mm` };
}

/**
 * A camera moved as little as needed so that point { u, v } of its plane is in the middle of it.
 * @param {CameraWish} camera
 * @param {PlanePoint} point
 * @returns {CameraWish}
 */
export function followPoint(camera, { u, v }) {
  const reach = camera.field * 0.45;
  /** @type {(middle: number, at: number) => number} */
  const pull = (middle, at) => Math.max(at - reach, Math.min(at + reach, middle));
  return { ...camera, u: pull(camera.u, u), v: pull(camera.v, v) };
}
