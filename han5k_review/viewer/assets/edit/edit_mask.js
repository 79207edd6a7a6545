// @ts-check
// The one structure that is being edited. No DOM.
//
// Volume, Dice and VRD are kept up with every flipped voxel. What a stroke flipped is taken as a change:
// runs of voxels along i, [first, length, ...], with first = (k * NJ + j) * NI + i in the whole grid. A
// change is its own inverse, so undo stores nothing else.

import { PLANE_NAMES } from "../pure/geometry.js";
import { CellBox } from "./cell_box.js";
import { boundsOf } from "./changes.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Mask, WireMask } from "../pure/masks.js" */
/** @import { Change } from "./changes.js" */

let made = 0;

export class EditMask extends CellBox {
  /**
   * `now` and `base` are masks as pure/masks.js parses them (or null); grid `shape`, `spacing` in mm.
   * @param {Triple} grid
   * @param {Triple} spacing
   * @param {WireMask | null | undefined} now
   */
  constructor(grid, spacing, now, base = now) {
    super(grid);
    this.spacing = spacing;
    this.area = new Uint32Array(grid[2]);
    this.voxels = this.both = this.baseVoxels = 0;
    this.number = ++made;
    /** @type {Set<(change: Change) => void>} hear of every step */
    this.listeners = new Set();
    /** @type {Record<PlaneName, number>} */
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

  /**
   * @param {WireMask | null | undefined} mask
   * @param {number} bit
   */
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

  /**
   * Makes voxel ijk inside (1) or outside (0) and remembers it when that changes it.
   * @param {number} i
   * @param {number} j
   * @param {number} k
   * @param {number} value
   */
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

  /**
   * @param {number} at
   * @param {number} k
   */
  flip(at, k) {
    const was = this.cells[at];
    const more = was & 1 ? -1 : 1;
    this.cells[at] = was ^ 1;
    this.voxels += more;
    this.area[k] += more;
    if (was & 2) this.both += more;
  }

  /**
   * What was painted since the last call, as a change; null when nothing differs.
   * @returns {Change | null}
   */
  takeChange() {
    const flipped = this.flipped.subarray(0, this.flips).sort();
    const ni = this.grid[0];
    /** @type {number[]} */
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
    if (runs.length) return this.told(Int32Array.from(runs));
    this.touch();
    return null;
  }

  /**
   * Flips the voxels of a change: does it, or undoes it.
   * @param {Change} runs
   */
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
    this.told(runs);
  }

  /**
   * A step was done.
   * @param {Change} change
   */
  told(change) {
    this.touch();
    for (const listener of this.listeners) listener(change);
    return change;
  }

  /**
   * Outlines of these planes are no longer true.
   * @param {PlaneName[]} planes
   */
  touch(...planes) {
    for (const plane of planes.length ? planes : PLANE_NAMES) this.stamps[plane]++;
  }

  /**
   * Names the state of a plane's outlines; no other EditMask ever has the same.
   * @param {PlaneName} plane
   */
  stampOf(plane) {
    return `${this.number}.${this.stamps[plane]}`;
  }

  /**
   * Makes [low, high) what `wanted` says (0 and 1, i fastest) and remembers what changes.
   * @param {Triple} low
   * @param {Triple} high
   * @param {Uint8Array} wanted
   */
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

  /**
   * What differs from the contour it is compared with.
   * @returns {Change}
   */
  difference() {
    const { cells, shape, start, grid } = this;
    /** @type {number[]} */
    const runs = [];
    for (let k = 0, at = 0; k < shape[2]; k++) {
      for (let j = 0; j < shape[1]; j++) {
        const row = ((k + start[2]) * grid[1] + j + start[1]) * grid[0] + start[0];
        for (let i = 0; i < shape[0]; i++, at++) {
          if (cells[at] === 0 || cells[at] === 3) continue;
          const last = runs.length - 2;
          if (i > 0 && last >= 0 && runs[last] + runs[last + 1] === row + i) runs[last + 1]++;
          else runs.push(row + i, 1);
        }
      }
    }
    return Int32Array.from(runs);
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
