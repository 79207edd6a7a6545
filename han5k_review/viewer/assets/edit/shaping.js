// @ts-check
// Fill holes, remove islands, grow, shrink, smooth: functions on a box of 0 and 1. No DOM.
//
// `size` is [ni, nj, nk] with i fastest; an axis of size 1 makes the same function work on one slice.

import { squaredDistances } from "../pure/distance.js";

/** @import { Triple } from "../pure/geometry.js" */

/**
 * Background that no path of faces joins to the border of the box becomes inside.
 * @param {Uint8Array} cells
 * @param {Triple} size
 */
export function fillHoles(cells, size) {
  const open = new Uint8Array(cells.length);
  const queue = new Int32Array(cells.length);
  const strides = [1, size[0], size[0] * size[1]];
  let tail = 0;
  /** @param {number} n */
  const enter = (n) => {
    if (cells[n] || open[n]) return;
    open[n] = 1;
    queue[tail++] = n;
  };
  for (let n = 0; n < cells.length; n++) {
    if (placeOf(n, size).some((at, axis) => size[axis] > 1 && (at === 0 || at === size[axis] - 1))) enter(n);
  }
  for (let head = 0; head < tail; head++) {
    const n = queue[head];
    placeOf(n, size).forEach((at, axis) => {
      if (at > 0) enter(n - strides[axis]);
      if (at < size[axis] - 1) enter(n + strides[axis]);
    });
  }
  return open.map((was) => 1 - was);
}

/**
 * @param {number} n
 * @param {Triple} size
 */
function placeOf(n, size) {
  const row = Math.floor(n / size[0]);
  const k = Math.floor(row / size[1]);
  return [n - row * size[0], row - k * size[1], k];
}

/**
 * Only the largest piece stays (the first of equals); corners join, so thin structures hold together.
 * @param {Uint8Array} cells
 * @param {Triple} size
 */
export function keepLargest(cells, size) {
  const labels = new Int32Array(cells.length);
  const queue = new Int32Array(cells.length);
  let [count, best, most] = [0, 0, 0];
  for (let seed = 0; seed < cells.length; seed++) {
    if (!cells[seed] || labels[seed]) continue;
    labels[seed] = ++count;
    queue[0] = seed;
    let tail = 1;
    for (let head = 0; head < tail; head++)
      tail = enterNeighbours(queue[head], size, cells, labels, count, queue, tail);
    if (tail > most) [best, most] = [count, tail];
  }
  return Uint8Array.from(labels, (label) => (label && label === best ? 1 : 0));
}

/**
 * How many pieces there are; corners join.
 * @param {Uint8Array} cells
 * @param {Triple} size
 */
export function countPieces(cells, size) {
  const labels = new Int32Array(cells.length);
  const queue = new Int32Array(cells.length);
  let count = 0;
  for (let seed = 0; seed < cells.length; seed++) {
    if (!cells[seed] || labels[seed]) continue;
    labels[seed] = ++count;
    queue[0] = seed;
    let tail = 1;
    for (let head = 0; head < tail; head++)
      tail = enterNeighbours(queue[head], size, cells, labels, count, queue, tail);
  }
  return count;
}

/**
 * @param {number} n
 * @param {Triple} size
 * @param {Uint8Array} cells
 * @param {Int32Array} labels
 * @param {number} label
 * @param {Int32Array} queue
 * @param {number} tail
 */
function enterNeighbours(n, size, cells, labels, label, queue, tail) {
  const [i, j, k] = placeOf(n, size);
  for (let z = Math.max(0, k - 1); z <= Math.min(size[2] - 1, k + 1); z++) {
    for (let y = Math.max(0, j - 1); y <= Math.min(size[1] - 1, j + 1); y++) {
      for (let x = Math.max(0, i - 1); x <= Math.min(size[0] - 1, i + 1); x++) {
        const m = (z * size[1] + y) * size[0] + x;
        if (!cells[m] || labels[m]) continue;
        labels[m] = label;
        queue[tail++] = m;
      }
    }
  }
  return tail;
}

/**
 * Inside: every centre within `mm` of a centre that was inside. The box must have room for it.
 * @param {Uint8Array} cells
 * @param {Triple} size
 * @param {Triple} spacing
 * @param {number} mm
 */
export function grow(cells, size, spacing, mm) {
  const reach = mm * mm * (1 + 1e-9);
  return Uint8Array.from(squaredDistances(cells, size, spacing, 1), (squared) => (squared <= reach ? 1 : 0));
}

/**
 * Inside: every centre more than `mm` from each centre that was outside.
 * @param {Uint8Array} cells
 * @param {Triple} size
 * @param {Triple} spacing
 * @param {number} mm
 */
export function shrink(cells, size, spacing, mm) {
  const reach = mm * mm * (1 + 1e-9);
  return Uint8Array.from(squaredDistances(cells, size, spacing, 0), (squared) => (squared > reach ? 1 : 0));
}

/**
 * Inside: centres with more than half of the ball of `mm` around them inside (a majority filter).
 * @param {Uint8Array} cells
 * @param {Triple} size
 * @param {Triple} spacing
 * @param {number} mm
 */
export function smooth(cells, size, spacing, mm) {
  const half = [0, 1, 2].map((axis) => (size[axis] === 1 ? 0 : Math.floor(mm / spacing[axis] + 1e-9)));
  const rows = [];
  let whole = 0;
  for (let dk = -half[2]; dk <= half[2]; dk++) {
    for (let dj = -half[1]; dj <= half[1]; dj++) {
      const rest = mm * mm * (1 + 1e-9) - (dk * spacing[2]) ** 2 - (dj * spacing[1]) ** 2;
      if (rest < 0) continue;
      const di = Math.min(half[0], Math.floor(Math.sqrt(rest) / spacing[0] + 1e-9));
      rows.push({ dj, dk, di });
      whole += 2 * di + 1;
    }
  }
  const sums = runningSums(cells, size);
  const out = new Uint8Array(cells.length);
  const [ni, nj, nk] = size;
  const counts = new Int32Array(ni);
  for (let k = 0, n = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++, n += ni) {
      counts.fill(0);
      for (const { dj, dk, di } of rows) {
        if (j + dj < 0 || j + dj >= nj || k + dk < 0 || k + dk >= nk) continue;
        const row = ((k + dk) * nj + j + dj) * (ni + 1);
        if (sums[row + ni] === 0) continue;
        for (let i = 0; i < ni; i++)
          counts[i] += sums[row + Math.min(ni, i + di + 1)] - sums[row + Math.max(0, i - di)];
      }
      for (let i = 0; i < ni; i++) out[n + i] = 2 * counts[i] > whole ? 1 : 0;
    }
  }
  return out;
}

/**
 * Per row of i: how many of the cells before each place are inside; rows of ni + 1.
 * @param {Uint8Array} cells
 * @param {Triple} size
 */
function runningSums(cells, [ni, nj, nk]) {
  const sums = new Int32Array((ni + 1) * nj * nk);
  for (let row = 0, n = 0, at = 0; row < nj * nk; row++, at++) {
    for (let i = 0; i < ni; i++, at++, n++) sums[at + 1] = sums[at] + cells[n];
  }
  return sums;
}
