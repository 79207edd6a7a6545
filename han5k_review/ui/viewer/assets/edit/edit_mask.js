// The one structure that is being edited: its voxels in a box that grows as strokes need it. No DOM.
//
// A cell holds two bits: 1 the contour now, 2 the contour it is compared with. Volume, Dice and VRD
// are kept up with every flipped voxel. What a stroke flipped is taken as a change: runs of voxels
// along i, [first, length, ...], with first = (k * NJ + j) * NI + i in the whole grid. A change is its
// own inverse, so undo stores nothing else.

import { PLANES, rowOf } from "../pure/geometry.js";
import { boundsOf } from "./changes.js";

const MARGIN = [16, 16, 4];
let made = 0;

export class EditMask {
  /** `now` and `base` are masks as pure/masks.js parses them (or null); grid `shape`, `spacing` in mm. */
  constructor(grid, spacing, now, base = now) {
    this.grid = grid;
    this.spacing = spacing;
    this.start = [0, 0, 0];
    this.shape = [0, 0, 0];
    this.cells = new Uint8Array(0);
    this.area = new Uint32Array(grid[2]);
    this.voxels = this.both = this.baseVoxels = 0;
    this.number = ++made;
    this.stamps = { axial: 0, sagittal: 0, coronal: 0 };
    this.flipped = new Int32Array(4096);
    this.flips = 0;
    for (const mask of [now, base])
      if (mask?.shape[0])
        this.ensure(
          mask.start,
          mask.start.map((s, a) => s + mask.shape[a]),
        );
    this.load(base, 2);
    this.load(now, 1);
  }

  load(mask, bit) {
    if (!mask?.shape[0]) return;
    const [ni, nj, nk] = mask.shape;
    for (let k = 0, n = 0; k < nk; k++) {
      for (let j = 0; j < nj; j++) {
        let to = this.at(mask.start[0], mask.start[1] + j, mask.start[2] + k);
        for (let i = 0; i < ni; i++, n++, to++) {
          if (!((mask.bits[n >> 3] >> (n & 7)) & 1)) continue;
          if (bit === 2) this.baseVoxels++;
          else {
            this.voxels++;
            this.area[mask.start[2] + k]++;
            if (this.cells[to] & 2) this.both++;
          }
          this.cells[to] |= bit;
        }
      }
    }
  }

  /** Place of voxel ijk of the grid in the box; the box must hold it. */
  at(i, j, k) {
    return ((k - this.start[2]) * this.shape[1] + j - this.start[1]) * this.shape[0] + i - this.start[0];
  }

  /** Lets the box hold [low, high), with a margin so that the next strokes fit too. */
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

  /** Makes voxel ijk inside (1) or outside (0) and remembers it when that changes it. */
  paint(i, j, k, value) {
    const at = this.at(i, j, k);
    if ((this.cells[at] & 1) === value) return;
    this.flip(at, k);
    if (this.flips === this.flipped.length) {
      const more = new Int32Array(2 * this.flips);
      more.set(this.flipped);
      this.flipped = more;
    }
    this.flipped[this.flips++] = (k * this.grid[1] + j) * this.grid[0] + i;
  }

  flip(at, k) {
    const was = this.cells[at];
    const more = was & 1 ? -1 : 1;
    this.cells[at] = was ^ 1;
    this.voxels += more;
    this.area[k] += more;
    if (was & 2) this.both += more;
  }

  /** What was painted since the last call, as a change; null when nothing differs. */
  takeChange() {
    const flipped = this.flipped.subarray(0, this.flips).sort();
    const ni = this.grid[0];
    const runs = [];
    for (let n = 0; n < flipped.length; n++) {
      const first = flipped[n];
      if (first === flipped[n + 1]) {
        n++; // flipped there and back
        continue;
      }
      const last = runs.length - 2;
      if (last >= 0 && runs[last] + runs[last + 1] === first && first % ni !== 0) runs[last + 1]++;
      else runs.push(first, 1);
    }
    this.flips = 0;
    if (this.flipped.length > 1 << 20) this.flipped = new Int32Array(4096);
    this.touch();
    return runs.length ? Int32Array.from(runs) : null;
  }

  /** Flips the voxels of a change: does it, or undoes it. */
  applyChange(runs) {
    const { low, high } = boundsOf(runs, this.grid);
    this.ensure(low, high);
    const [ni, nj] = this.grid;
    for (let n = 0; n < runs.length; n += 2) {
      const row = Math.floor(runs[n] / ni);
      const k = Math.floor(row / nj);
      let at = this.at(runs[n] - row * ni, row - k * nj, k);
      for (const end = at + runs[n + 1]; at < end; at++) this.flip(at, k);
    }
    this.touch();
  }

  /** Outlines of these planes are no longer true. */
  touch(...planes) {
    for (const plane of planes.length ? planes : Object.keys(this.stamps)) this.stamps[plane]++;
  }

  /** Names the state of a plane's outlines; no other EditMask ever has the same. */
  stampOf(plane) {
    return `${this.number}.${this.stamps[plane]}`;
  }

  /** Voxels of [low, high) as 0 and 1 (bit 1) or of the compared contour (bit 2), i fastest. */
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

  /** Makes [low, high) what `wanted` says (0 and 1, i fastest) and remembers what changes. */
  replace(low, high, wanted) {
    this.ensure(low, high);
    let n = 0;
    for (let k = low[2]; k < high[2]; k++) {
      for (let j = low[1]; j < high[1]; j++) {
        let at = this.at(low[0], j, k);
        for (let i = low[0]; i < high[0]; i++, at++, n++) {
          if ((this.cells[at] & 1) !== wanted[n]) this.paint(i, j, k, wanted[n]);
        }
      }
    }
  }

  /** The smallest box [low, high) of the contour, or of both contours; null when there is none. */
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

  /** One slice as pure/masks.js `maskSlice` gives it: framed, as it lies on the screen. */
  framedSlice(plane, index) {
    const { column, row, through, flipRows } = PLANES[plane];
    const at = index - this.start[through];
    if (!this.voxels || at < 0 || at >= this.shape[through]) return null;
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

  /** { volumeCc, dice, vrd }; Dice and VRD are null where they are undefined. */
  figures() {
    const { voxels, both, baseVoxels } = this;
    const voxelMm3 = this.spacing[0] * this.spacing[1] * this.spacing[2];
    return {
      volumeCc: (voxels * voxelMm3) / 1000,
      dice: voxels + baseVoxels ? (2 * both) / (voxels + baseVoxels) : null,
      vrd: baseVoxels ? (voxels + baseVoxels - 2 * both) / baseVoxels : null,
    };
  }
}
