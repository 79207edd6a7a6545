// @ts-check
// One CT slice of a plane at voxel size, as grey words on a canvas of its own.

import { canvas2d } from "../panels/dom.js";
import { PLANES, planeSize } from "../pure/geometry.js";
import { greyRun } from "../pure/slabs.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { PlaneName } from "../pure/geometry.js" */

const WAITING = 0xff1d1a17;
const DAMAGED = 0xff18184a;

export class PlaneImage {
  /**
   * @param {PlaneName} plane
   * @param {Volume} volume
   */
  constructor(plane, volume) {
    this.plane = plane;
    this.volume = volume;
    const { columns, rows } = planeSize(plane, volume.shape, volume.spacing);
    this.canvas = new OffscreenCanvas(columns, rows);
    this.context = canvas2d(this.canvas.getContext("2d", { alpha: false }));
    this.pixels = this.context.createImageData(columns, rows);
    this.words = new Uint32Array(this.pixels.data.buffer);
    /** @type {string | null} */
    this.painted = null;
    /** @type {string[]} */
    this.rows = [];
  }

  /**
   * Paint slice `index` through the table; nothing is done when it is painted already. `stamp` begins
   * with the table's version, up to a colon.
   * @param {number} index
   * @param {Uint32Array} lut
   * @param {string} stamp
   */
  paint(index, lut, stamp) {
    const wanted = `${index}|${stamp}`;
    if (this.painted === wanted) return this.canvas;
    this.painted = wanted;
    if (this.plane === "axial") this.paintAxial(index, lut);
    else this.paintUpright(index, lut, `${index}|${stamp.split(":", 1)[0]}`);
    this.context.putImageData(this.pixels, 0, 0);
    return this.canvas;
  }

  /**
   * @param {number} k
   * @param {Uint32Array} lut
   */
  paintAxial(k, lut) {
    const slab = this.volume.slabAt(k);
    const count = this.words.length;
    if (!slab.bytes) this.words.fill(slab.state === "damaged" ? DAMAGED : WAITING);
    else greyRun(slab.bytes, (k - slab.first) * count, 1, count, lut, this.words, 0);
  }

  /**
   * Only the rows of slabs that came since, when nothing else changed: `look` is index and table.
   * @param {number} index
   * @param {Uint32Array} lut
   * @param {string} look
   */
  paintUpright(index, lut, look) {
    const [ni, nj, nk] = this.volume.shape;
    const { column } = PLANES[this.plane];
    const columns = column === 0 ? ni : nj;
    const from = column === 0 ? index * ni : index;
    const stride = column === 0 ? 1 : ni;
    for (const [n, slab] of this.volume.slabs.entries()) {
      const shown = `${look}|${slab.state}`;
      if (this.rows[n] === shown) continue;
      this.rows[n] = shown;
      for (let z = 0; z < slab.slices; z++) {
        const at = (nk - 1 - slab.first - z) * columns;
        if (!slab.bytes) this.words.fill(slab.state === "damaged" ? DAMAGED : WAITING, at, at + columns);
        else greyRun(slab.bytes, z * ni * nj + from, stride, columns, lut, this.words, at);
      }
    }
  }
}
