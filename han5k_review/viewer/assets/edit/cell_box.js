// @ts-check
// Voxels of one structure in a box that grows as strokes need it: where they lie, and slices of them. No DOM.
//
// A cell holds two bits: 1 the contour now, 2 the contour it is compared with.

import { PLANES, rowOf } from "../pure/geometry.js";

/** @import { FramedSlice } from "../pure/masks.js" */
/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Box } from "./changes.js" */

const MARGIN = [16, 16, 4];

export class CellBox {
  /**
   * An empty box in a grid of this shape, in voxels.
   * @param {Triple} grid
   */
  constructor(grid) {
    this.grid = grid;
    this.start = [0, 0, 0];
    this.shape = [0, 0, 0];
    this.cells = new Uint8Array(0);
  }

  /**
   * Place of voxel ijk of the grid in the box; the box must hold it.
   * @param {number} i
   * @param {number} j
   * @param {number} k
   */
  at(i, j, k) {
    return ((k - this.start[2]) * this.shape[1] + j - this.start[1]) * this.shape[0] + i - this.start[0];
  }

  /**
   * Lets the box hold [low, high), with a margin so that the next strokes fit too.
   * @param {Triple} low
   * @param {Triple} high
   */
  ensure(low, high) {
    const { start, shape, grid } = this;
    const empty = shape[0] === 0;
    if (!empty && low.every((l, a) => l >= start[a] && high[a] <= start[a] + shape[a])) return;
    const first = low.map((l, a) => Math.max(0, Math.min(l - MARGIN[a], empty ? l : start[a])));
    const end = high.map((e, a) =>
      Math.min(grid[a], Math.max(e + MARGIN[a], empty ? e : start[a] + shape[a])),
    );
    const size = end.map((e, a) => e - first[a]);
    const cells = new Uint8Array(size[0] * size[1] * size[2]);
    for (let k = 0, from = 0; k < shape[2]; k++) {
      for (let j = 0; j < shape[1]; j++, from += shape[0]) {
        const to =
          ((k + start[2] - first[2]) * size[1] + j + start[1] - first[1]) * size[0] + start[0] - first[0];
        cells.set(this.cells.subarray(from, from + shape[0]), to);
      }
    }
    Object.assign(this, { start: first, shape: size, cells });
  }

  /**
   * @param {number} i
   * @param {number} j
   * @param {number} k
   */
  holds(i, j, k) {
    const { start, shape } = this;
    const outside =
      i < start[0] ||
      j < start[1] ||
      k < start[2] ||
      i >= start[0] + shape[0] ||
      j >= start[1] + shape[1] ||
      k >= start[2] + shape[2];
    return !outside && (this.cells[this.at(i, j, k)] & 1) === 1;
  }

  /**
   * Voxels of [low, high) as 0 and 1 (bit 1) or of the compared contour (bit 2), i fastest.
   * @param {Triple} low
   * @param {Triple} high
   */
  extract(low, high, bit = 1) {
    const size = high.map((e, a) => e - low[a]);
    const out = new Uint8Array(size[0] * size[1] * size[2]);
    const { start, shape, cells } = this;
    const from = low.map((l, a) => Math.max(l, start[a]));
    const to = high.map((e, a) => Math.min(e, start[a] + shape[a]));
    for (let k = from[2]; k < to[2]; k++) {
      for (let j = from[1]; j < to[1]; j++) {
        let n = ((k - low[2]) * size[1] + j - low[1]) * size[0] + from[0] - low[0];
        let at = this.at(from[0], j, k);
        for (let i = from[0]; i < to[0]; i++) out[n++] = cells[at++] & bit ? 1 : 0;
      }
    }
    return out;
  }

  /**
   * The smallest box [low, high) of the contour, or of both contours; null when there is none.
   * @returns {Box | null}
   */
  bounds(bits = 1) {
    const low = [Infinity, Infinity, Infinity];
    const high = [-1, -1, -1];
    const [ni, nj, nk] = this.shape;
    for (let k = 0, row = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++, row += ni) {
        let first = 0;
        while (first < ni && !(this.cells[row + first] & bits)) first++;
        if (first === ni) continue;
        let last = ni - 1;
        while (!(this.cells[row + last] & bits)) last--;
        low[0] = Math.min(low[0], first);
        high[0] = Math.max(high[0], last + 1);
        low[1] = Math.min(low[1], j);
        high[1] = Math.max(high[1], j + 1);
        low[2] = Math.min(low[2], k);
        high[2] = Math.max(high[2], k + 1);
      }
    }
    if (high[0] < 0) return null;
    return { low: low.map((l, a) => l + this.start[a]), high: high.map((e, a) => e + this.start[a]) };
  }

  /**
   * One slice as pure/masks.js `maskSlice` gives it: framed, as it lies on the screen.
   * @param {PlaneName} plane
   * @param {number} index
   * @returns {FramedSlice | null}
   */
  framedSlice(plane, index) {
    const { column, row, through, flipRows } = PLANES[plane];
    const at = index - this.start[through];
    if (at < 0 || at >= this.shape[through]) return null;
    const strides = [1, this.shape[0], this.shape[0] * this.shape[1]];
    const [columns, rows] = [this.shape[column], this.shape[row]];
    const width = columns + 2;
    const cells = new Uint8Array(width * (rows + 2));
    let any = 0;
    for (let r = 0; r < rows; r++) {
      let n = at * strides[through] + (flipRows ? rows - 1 - r : r) * strides[row];
      for (let c = 0, out = (r + 1) * width + 1; c < columns; c++, n += strides[column])
        any |= cells[out++] = this.cells[n] & 1;
    }
    if (!any) return null;
    const first = this.start[row] + (flipRows ? rows - 1 : 0);
    return {
      cells,
      width,
      height: rows + 2,
      column: this.start[column],
      row: rowOf(plane, first, this.grid),
    };
  }

  /** The box bit-packed, as masks come over the wire. */
  get bits() {
    const bits = new Uint8Array(Math.ceil(this.cells.length / 8));
    for (let n = 0; n < this.cells.length; n++) if (this.cells[n] & 1) bits[n >> 3] |= 1 << (n & 7);
    return bits;
  }
}
