// @ts-check
// The planned dose of a case: slabs like those of a CT, put together once all are there.

import { valueAt } from "../pure/slabs.js";
import { patiently } from "./requests.js";
import { Volume } from "./volume.js";

/** @import { DoseGrid } from "../pure/dose_grid.js" */
/** @import { VolumeIndex } from "./volume.js" */
/**
 * @typedef {VolumeIndex & { gy_per_step: number, maximum_gy: number, prescription_gy: number | null }}
 *   DoseIndex
 */

export class Dose {
  /**
   * `tell()` when something came or failed.
   * @param {string} url
   * @param {() => void} tell
   */
  constructor(url, tell) {
    this.url = url;
    this.tell = tell;
    this.closing = new AbortController();
    /** @type {DoseIndex | null} */
    this.index = null;
    /** @type {DoseGrid | null} */
    this.grid = null;
    /** @type {Volume | null} */
    this.volume = null;
    this.trouble = "";
    this.isAsked = false;
  }

  /** Ask for the dose, once; again after a failure. */
  open() {
    if (this.isAsked && !this.trouble) return;
    this.isAsked = true;
    this.trouble = "";
    this.begin().catch((error) => {
      if (this.closing.signal.aborted) return;
      this.trouble = error instanceof Error ? error.message : String(error);
      this.tell();
    });
  }

  async begin() {
    /** @type {DoseIndex} */
    const index = await patiently(this.url, (response) => response.json(), { signal: this.closing.signal });
    this.index = index;
    const none = () => {};
    const volume = new Volume(index, () => this.hear(), { network: none, expired: none });
    this.volume?.close();
    this.volume = volume;
    volume.want(index.shape[2] >> 1);
    this.tell();
  }

  hear() {
    if (!this.volume || !this.index) return;
    const { waiting, damaged } = this.volume.progress();
    if (waiting) return;
    if (damaged) this.trouble = "A part of the dose did not come whole, so none of it is shown.";
    else this.grid = this.putTogether(this.volume, this.index);
    this.tell();
  }

  /**
   * @param {Volume} volume
   * @param {DoseIndex} index
   * @returns {DoseGrid}
   */
  putTogether({ slabs, shape, affine }, { gy_per_step: gyPerStep }) {
    const steps = new Int16Array(shape[0] * shape[1] * shape[2]);
    for (const slab of slabs) {
      const from = slab.first * shape[0] * shape[1];
      const { bytes } = slab;
      if (bytes) for (let n = 0; n < bytes.length >> 1; n++) steps[from + n] = valueAt(bytes, n);
      slab.bytes = null;
    }
    return { shape, affine, steps, gyPerStep };
  }

  close() {
    this.closing.abort();
    this.volume?.close();
  }
}
