// @ts-check
// Marching squares: the outline of a binary slice as closed lines between voxel centres. No DOM.
//
// Lorensen and Cline's idea in two dimensions: each cell of four voxel centres holds zero, one or two
// pieces of the line, which cross its edges half way. Every edge is entered once and left once (the
// inside lies to the left), so following `next` from edge to edge closes each loop. Diagonal
// neighbours stay apart.

/** @import { FramedSlice } from "./masks.js" */
/** @typedef {Pick<Path2D, "moveTo" | "lineTo" | "closePath">} LinePath */

// Corners of a cell: top left 1, top right 2, bottom right 4, bottom left 8.
// Edges: 0 top, 1 right, 2 bottom, 3 left. Each entry lists pairs entered edge -> left edge.
const PIECES = [
  [],
  [3, 0],
  [0, 1],
  [3, 1],
  [1, 2],
  [3, 0, 1, 2],
  [0, 2],
  [3, 2],
  [2, 3],
  [2, 0],
  [0, 1, 2, 3],
  [2, 1],
  [1, 3],
  [1, 0],
  [0, 3],
  [],
];

/**
 * Closed loops of a framed slice (cells, width, height; frame of zeros), each a flat Float32Array of
 * x, y in units of cells of the framed slice, x to the right, y down, at voxel centres.
 * @param {Pick<FramedSlice, "cells" | "width" | "height">} slice
 */
export function traceLoops({ cells, width, height }) {
  const next = new Int32Array(2 * width * height).fill(-1);
  const starts = [];
  for (let y = 0; y < height - 1; y++) {
    let n = y * width;
    let left = cells[n] | (cells[n + width] << 3);
    for (let x = 0; x < width - 1; x++, n++) {
      const right = cells[n + 1] | (cells[n + width + 1] << 3);
      const kind = (left & 1) | ((right & 1) << 1) | ((right & 8) >> 1) | (left & 8);
      left = right;
      if (kind === 0 || kind === 15) continue;
      const edges = [2 * n, 2 * (n + 1) + 1, 2 * (n + width), 2 * n + 1];
      const pieces = PIECES[kind];
      for (let p = 0; p < pieces.length; p += 2) {
        next[edges[pieces[p]]] = edges[pieces[p + 1]];
        starts.push(edges[pieces[p]]);
      }
    }
  }
  const loops = [];
  for (const start of starts) {
    if (next[start] < 0) continue;
    const points = [];
    let edge = start;
    while (next[edge] >= 0) {
      const cell = edge >> 1;
      const x = cell % width;
      const y = (cell - x) / width;
      if (edge & 1) points.push(x, y + 0.5);
      else points.push(x + 0.5, y);
      const following = next[edge];
      next[edge] = -1;
      edge = following;
    }
    loops.push(Float32Array.from(points));
  }
  return loops;
}

const SHORT = 24;
const REACH = 0.42;
const PASSES = 6;
const SHRINK = 0.5;
const GROW = -0.53;

/**
 * Takes the stairs out of a loop: Taubin's smoothing (SIGGRAPH 1995), with each point kept on its own
 * edge between an inside and an outside voxel centre. The line may move by 0.42 voxels and no voxel
 * changes sides. Loops of fewer than twelve points stay as they are: they would lose their size.
 * @param {Float32Array<ArrayBuffer>} loop
 */
export function relaxLoop(loop) {
  const count = loop.length;
  if (count < SHORT) return loop;
  const home = loop.slice();
  let from = loop;
  let to = loop.slice();
  for (let pass = 0; pass < 2 * PASSES; pass++) {
    const share = pass % 2 ? GROW : SHRINK;
    for (let n = 0; n < count; n += 2) {
      const axis = home[n] % 1 === 0 ? n + 1 : n;
      const before = from[axis >= 2 ? axis - 2 : axis - 2 + count];
      const after = from[axis + 2 < count ? axis + 2 : axis + 2 - count];
      const moved = from[axis] + share * ((before + after) / 2 - from[axis]);
      to[axis] = Math.max(home[axis] - REACH, Math.min(home[axis] + REACH, moved));
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * Draws the loops into `path` (a Path2D or anything with its methods) in plane millimetres.
 * @template {LinePath} Path
 * @param {Path} path
 * @param {Float32Array<ArrayBuffer>[]} loops
 * @param {Pick<FramedSlice, "column" | "row">} slice
 * @param {number} columnMm
 * @param {number} rowMm
 */
export function drawLoops(path, loops, slice, columnMm, rowMm) {
  /** @param {number} x */
  const toU = (x) => (x - 0.5 + slice.column) * columnMm;
  /** @param {number} y */
  const toV = (y) => (y - 0.5 + slice.row) * rowMm;
  for (const loop of loops) {
    const line = relaxLoop(loop);
    path.moveTo(toU(line[0]), toV(line[1]));
    for (let n = 2; n < line.length; n += 2) path.lineTo(toU(line[n]), toV(line[n + 1]));
    path.closePath();
  }
  return path;
}
