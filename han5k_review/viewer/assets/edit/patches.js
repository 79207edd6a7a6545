// @ts-check
// Changes as they go to the server (docs/transport.md, Drafts), and the steps back and forth. No DOM.

import { boundsOf } from "./changes.js";

/** @import { Triple } from "../pure/geometry.js" */
/** @import { Change } from "./changes.js" */
/** @import { DraftStep } from "./drafts.js" */
/** @import { Patch } from "./draft_queue.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @typedef {{ start: Triple, shape: Triple, runs: string }} EncodedChange */

const KEPT_VALUES = 8_000_000;
const KEPT_STEPS = 1000;

/**
 * A change -> { start, shape, runs } of an `xor` patch; `runs` is base64 of LEB128 lengths.
 * @param {Change} change
 * @param {Triple} grid
 * @returns {EncodedChange}
 */
export function encodeChange(change, grid) {
  const { low, high } = boundsOf(change, grid);
  const shape = high.map((end, axis) => end - low[axis]);
  return { start: low, shape, runs: encodeRuns(change, low, shape, grid) };
}

/**
 * A stroke as the draft queue keeps it: the patch that is sent, and which of its voxels came to be inside.
 * @param {Change} change
 * @param {EditMask} mask after the change
 * @param {{ id: string, base_version: number, tool: string, active_seconds: number }} act
 * @returns {{ patch: Patch, added: string }}
 */
export function encodeStroke(change, mask, act) {
  const box = encodeChange(change, mask.grid);
  return { patch: { ...act, mode: "xor", ...box }, added: encodeAdded(change, mask, box) };
}

/**
 * The part of a change that is inside `mask` now, in the same box, as `runs` above.
 * @param {Change} change
 * @param {EditMask} mask
 * @param {Omit<EncodedChange, "runs">} box
 */
export function encodeAdded(change, mask, { start, shape }) {
  const [ni, nj] = mask.grid;
  /** @type {number[]} */
  const added = [];
  for (let n = 0; n < change.length; n += 2) {
    const row = Math.floor(change[n] / ni);
    const [j, k] = [row % nj, Math.floor(row / nj)];
    for (let at = change[n]; at < change[n] + change[n + 1]; at++) {
      if (!mask.holds(at - row * ni, j, k)) continue;
      const last = added.length - 2;
      if (last >= 0 && added[last] + added[last + 1] === at && at % ni !== 0) added[last + 1]++;
      else added.push(at, 1);
    }
  }
  return encodeRuns(added, start, shape, mask.grid);
}

/**
 * @param {ArrayLike<number>} change
 * @param {Triple} low
 * @param {Triple} shape
 * @param {Triple} grid
 */
function encodeRuns(change, low, shape, [ni, nj]) {
  /** @type {number[]} */
  const lengths = [];
  let done = 0;
  for (let n = 0; n < change.length; n += 2) {
    const row = Math.floor(change[n] / ni);
    const k = Math.floor(row / nj);
    const first =
      ((k - low[2]) * shape[1] + row - k * nj - low[1]) * shape[0] + change[n] - row * ni - low[0];
    if (first === done && n > 0) lengths[lengths.length - 1] += change[n + 1];
    else lengths.push(first - done, change[n + 1]);
    done = first + change[n + 1];
  }
  const size = shape[0] * shape[1] * shape[2];
  if (done < size) lengths.push(size - done);
  return base64(leb128(lengths));
}

/**
 * Calls `visit(i, j, k, isAdded)` for every voxel of a stroke as the draft queue keeps it.
 * @param {{ patch: EncodedChange, added: string }} stroke
 * @param {(i: number, j: number, k: number, isAdded: boolean) => void} visit
 */
export function eachVoxel({ patch: { start, shape, runs }, added }, visit) {
  const grown = new Set(marked(added));
  const [ni, nj] = shape;
  for (const n of marked(runs)) {
    const row = Math.floor(n / ni);
    visit(start[0] + n - row * ni, start[1] + (row % nj), start[2] + Math.floor(row / nj), grown.has(n));
  }
}

/**
 * Places in the box that `runs` marks.
 * @param {string} runs
 */
function* marked(runs) {
  for (const [from, to] of markedRuns(runs)) for (let at = from; at < to; at++) yield at;
}

/**
 * [from, to) of each run of the box that `runs` marks.
 * @param {string} runs
 * @returns {Generator<[from: number, to: number]>}
 */
function* markedRuns(runs) {
  /** @type {[number, boolean, number, number]} */
  let [at, inside, length, shift] = [0, false, 0, 0];
  for (const letter of atob(runs)) {
    const byte = letter.charCodeAt(0);
    length += (byte & 0x7f) * 2 ** shift;
    shift += 7;
    if (byte & 0x80) continue;
    if (inside && length) yield [at, at + length];
    at += length;
    [inside, length, shift] = [!inside, 0, 0];
  }
}

/** @param {number[]} lengths */
function leb128(lengths) {
  /** @type {number[]} */
  const bytes = [];
  for (let rest of lengths) {
    while (rest > 0x7f) {
      bytes.push((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    bytes.push(rest);
  }
  return Uint8Array.from(bytes);
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let n = 0; n < bytes.length; n += 8192) text += String.fromCharCode(...bytes.subarray(n, n + 8192));
  return btoa(text);
}

/**
 * A stroke as the journal has it -> a change: runs of voxels of the whole grid.
 * @param {EncodedChange} stroke
 * @param {Triple} grid
 * @returns {Change}
 */
export function decodeChange({ start, shape, runs }, [ni, nj]) {
  /** @type {number[]} */
  const change = [];
  for (const [from, to] of markedRuns(runs)) {
    // A run of the box goes on from row to row; one of the grid stays in its row.
    for (let at = from; at < to; ) {
      const row = Math.floor(at / shape[0]);
      const end = Math.min(to, (row + 1) * shape[0]);
      const [j, k] = [start[1] + (row % shape[1]), start[2] + Math.floor(row / shape[1])];
      change.push((k * nj + j) * ni + start[0] + at - row * shape[0], end - at);
      at = end;
    }
  }
  return Int32Array.from(change);
}

/** Steps of one structure, each a change that is its own inverse. */
export class History {
  constructor() {
    /** @type {Change[]} */
    this.done = [];
    /** @type {Change[]} */
    this.undone = [];
    this.values = 0;
  }

  /**
   * The steps of a journal, oldest first: those of an earlier visit can be taken back.
   * @param {DraftStep[]} steps
   * @param {Triple} grid
   */
  static of(steps, grid) {
    const history = new History();
    for (const step of steps) {
      const change = decodeChange(step, grid);
      if (step.mode !== "xor") {
        history.done = []; // what was there before is not known
        history.undone = [];
      } else if (step.tool === "undo") {
        history.done.pop();
        history.undone.push(change);
      } else if (step.tool === "redo") {
        history.undone.pop();
        history.done.push(change);
      } else history.push(change);
    }
    return history;
  }

  /** @param {Change} change */
  push(change) {
    this.done.push(change);
    this.values += change.length;
    for (const gone of this.undone.splice(0)) this.values -= gone.length;
    // The last hundred steps always stay, however large they are.
    while (this.done.length > 100 && (this.done.length > KEPT_STEPS || this.values > KEPT_VALUES)) {
      this.values -= this.done.shift()?.length ?? 0;
    }
  }

  /** The change to flip for one step back, or null. */
  undo() {
    const change = this.done.pop();
    if (change) this.undone.push(change);
    return change ?? null;
  }

  redo() {
    const change = this.undone.pop();
    if (change) this.done.push(change);
    return change ?? null;
  }
}
