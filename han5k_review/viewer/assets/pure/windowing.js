// @ts-check
// CT windows: from HU to grey, through a table with one entry per int16 value. No DOM.

/** @import { ViewerWindow } from "./payload.js" */

/**
 * Fills 65,536 RGBA words; entry n is the grey of the int16 whose unsigned bits are n.
 * DICOM PS3.3 C.11.2.1.2.1, linear function.
 * @param {number} centreHu
 * @param {number} widthHu
 */
export function buildLut(centreHu, widthHu, lut = new Uint32Array(65536)) {
  const width = Math.max(2, widthHu);
  const low = centreHu - 0.5 - (width - 1) / 2;
  const step = 255 / (width - 1);
  for (let n = 0; n < 65536; n++) {
    const hu = n < 32768 ? n : n - 65536;
    const value = (hu - low) * step;
    const grey = value <= 0 ? 0 : value >= 255 ? 255 : value | 0;
    lut[n] = 0xff000000 | (grey << 16) | (grey << 8) | grey;
  }
  return lut;
}

/**
 * Drag right: wider; drag up: brighter. The wider the window, the coarser the step.
 * @param {ViewerWindow} window
 * @param {number} dx
 * @param {number} dy
 */
export function dragWindow(window, dx, dy) {
  const step = Math.max(1, window.width_hu / 250);
  return {
    name: "by hand",
    width_hu: Math.round(Math.max(2, Math.min(8000, window.width_hu + dx * step))),
    centre_hu: Math.round(Math.max(-2000, Math.min(4000, window.centre_hu + dy * step))),
  };
}

/**
 * @param {ViewerWindow[]} windows
 * @param {ViewerWindow} current
 */
export function nextWindow(windows, current) {
  const at = windows.findIndex((window) => window.name === current.name);
  return windows[(at + 1) % windows.length];
}

/**
 * @param {ViewerWindow[]} windows
 * @param {string | undefined} name
 */
export function windowNamed(windows, name) {
  return windows.find((window) => window.name === name) ?? windows[0];
}

/**
 * `soft tissue 35 / 350`, and the key that brings it, where there is one.
 * @param {ViewerWindow} window
 */
export function windowLabel(window, key = "") {
  return `${window.name} ${window.centre_hu} / ${window.width_hu}${key ? `  (${key})` : ""}`;
}
