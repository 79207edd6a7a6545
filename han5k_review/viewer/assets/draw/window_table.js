// @ts-check
// The grey of every HU in the present window, computed when a picture needs it and not at every move of a
// drag.

import { buildLut } from "../pure/windowing.js";

/** @import { ViewerWindow } from "../pure/payload.js" */

export class WindowTable {
  constructor() {
    this.words = new Uint32Array(65536);
    /** @type {ViewerWindow | null} */
    this.window = null;
  }

  /**
   * The table of pure/windowing.js for this window.
   * @param {ViewerWindow} window
   */
  of(window) {
    if (this.window !== window) buildLut(window.centre_hu, window.width_hu, this.words);
    this.window = window;
    return this.words;
  }
}
