// @ts-check
// Where a dose lies in a CT, and its values there by trilinear interpolation. No DOM.
//
// A dose has a grid of its own. On a slice of the CT it is sampled on a lattice of points in plane mm:
// where both grids have the same axes, on the columns and rows of the dose grid itself, so that nothing is
// interpolated but between its planes; else at half its spacing.

import { PLANES } from "./geometry.js";

/** @import { PlaneName, Triple } from "./geometry.js" */

/**
 * A dose in whole steps of `gyPerStep`, i fastest, then j, then k.
 * @typedef {object} DoseGrid
 * @property {Triple} shape
 * @property {number[][]} affine of its voxels, RAS
 * @property {Int16Array} steps
 * @property {number} gyPerStep
 */

/** @typedef {{ shape: Triple, spacing: Triple, affine: number[][] }} CtGrid */

/**
 * Points (u0 + c * du, v0 + r * dv) in plane millimetres; `at`, `across` and `down` in voxels of the dose.
 * @typedef {object} Lattice
 * @property {number} columns
 * @property {number} rows
 * @property {number} u0
 * @property {number} v0
 * @property {number} du
 * @property {number} dv
 * @property {Triple} at
 * @property {Triple} across
 * @property {Triple} down
 */

const SAME = 1e-4;
const MOST = 512;

/**
 * The inverse of an affine.
 * @param {number[][]} m
 */
export function invertAffine(m) {
  /** @type {(r: number, c: number) => number} */
  const minor = (r, c) => {
    const [a, b] = [0, 1, 2].filter((n) => n !== r);
    const [d, e] = [0, 1, 2].filter((n) => n !== c);
    return ((r + c) % 2 ? -1 : 1) * (m[a][d] * m[b][e] - m[a][e] * m[b][d]);
  };
  const determinant = m[0][0] * minor(0, 0) + m[0][1] * minor(0, 1) + m[0][2] * minor(0, 2);
  const rows = [0, 1, 2].map((r) => [0, 1, 2].map((c) => minor(c, r) / determinant));
  return rows.map((row) => [...row, -(row[0] * m[0][3] + row[1] * m[1][3] + row[2] * m[2][3])]);
}

/**
 * From voxels of the CT to voxels of the dose, three rows of four.
 * @param {number[][]} ct
 * @param {number[][]} dose
 */
export function joinAffines(ct, dose) {
  const back = invertAffine(dose);
  return back.map((row) =>
    [0, 1, 2, 3].map(
      (c) => row[0] * ct[0][c] + row[1] * ct[1][c] + row[2] * ct[2][c] + (c === 3 ? row[3] : 0),
    ),
  );
}

/**
 * @param {number[][]} join
 * @param {Triple} ijk
 * @returns {Triple}
 */
const carry = (join, ijk) => join.map((row) => row[0] * ijk[0] + row[1] * ijk[1] + row[2] * ijk[2] + row[3]);

/**
 * The axis of the dose along which a direction runs, or null where it runs along several.
 * @param {Triple} direction
 */
function axisOf(direction) {
  const most = Math.max(...direction.map(Math.abs));
  const axes = [0, 1, 2].filter((axis) => Math.abs(direction[axis]) > SAME * most);
  return axes.length === 1 ? axes[0] : null;
}

/**
 * The points at which the dose is sampled on a slice.
 * @param {PlaneName} plane
 * @param {number} index
 * @param {CtGrid} ct
 * @param {DoseGrid} dose
 * @returns {Lattice}
 */
export function latticeOf(plane, index, ct, dose) {
  const { column, row, through, flipRows } = PLANES[plane];
  const join = joinAffines(ct.affine, dose.affine);
  const corner = [0, 0, 0];
  corner[column] = -0.5;
  corner[row] = flipRows ? ct.shape[row] - 0.5 : -0.5;
  corner[through] = index;
  const at = carry(join, corner);
  const across = join.map((r) => r[column] / ct.spacing[column]);
  const down = join.map((r) => ((flipRows ? -1 : 1) * r[row]) / ct.spacing[row]);
  const width = ct.shape[column] * ct.spacing[column];
  const height = ct.shape[row] * ct.spacing[row];
  const [a, b] = [axisOf(across), axisOf(down)];
  const u = a === null || b === null || a === b ? evenly(across, width) : nodes(at, across, a, dose, width);
  const v = a === null || b === null || a === b ? evenly(down, height) : nodes(at, down, b, dose, height);
  return {
    columns: u.count,
    rows: v.count,
    u0: u.first,
    v0: v.first,
    du: u.step,
    dv: v.step,
    at: at.map((n, axis) => n + across[axis] * u.first + down[axis] * v.first),
    across: across.map((n) => n * u.step),
    down: down.map((n) => n * v.step),
  };
}

/**
 * The places of the dose's own voxel centres along one axis, one beyond each side of the picture at most.
 * @param {Triple} at
 * @param {Triple} along
 * @param {number} axis
 * @param {DoseGrid} dose
 * @param {number} length
 */
function nodes(at, along, axis, dose, length) {
  const step = 1 / Math.abs(along[axis]);
  const [low, high] = [at[axis], at[axis] + along[axis] * length].sort((x, y) => x - y);
  const from = Math.max(0, Math.floor(low));
  const to = Math.min(dose.shape[axis] - 1, Math.ceil(high));
  const begin = along[axis] > 0 ? from : to;
  return { first: (begin - at[axis]) / along[axis], step, count: Math.max(0, to - from + 1) };
}

/**
 * @param {Triple} along
 * @param {number} length
 */
function evenly(along, length) {
  const step = Math.max(0.5 / Math.max(...along.map(Math.abs)), length / (MOST - 1));
  return { first: 0, step, count: Math.floor(length / step) + 1 };
}

/**
 * Gray at each point of a lattice, row by row; NaN beyond the dose grid.
 * @param {Lattice} lattice
 * @param {DoseGrid} dose
 */
export function sampleDose(lattice, dose) {
  const { columns, rows, at, across, down } = lattice;
  const values = new Float32Array(columns * rows);
  const place = [0, 0, 0];
  for (let r = 0, n = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++, n++) {
      place[0] = at[0] + across[0] * c + down[0] * r;
      place[1] = at[1] + across[1] * c + down[1] * r;
      place[2] = at[2] + across[2] * c + down[2] * r;
      values[n] = valueAt(dose, place);
    }
  }
  return values;
}

/**
 * Gray at a place in voxels of the dose; NaN beyond its outermost centres.
 * @param {DoseGrid} dose
 * @param {Triple} place
 */
function valueAt({ shape: [ni, nj, nk], steps, gyPerStep }, [x, y, z]) {
  const isInside =
    x > -SAME && y > -SAME && z > -SAME && x < ni - 1 + SAME && y < nj - 1 + SAME && z < nk - 1 + SAME;
  if (!isInside) return Number.NaN;
  const i = Math.max(0, Math.min(ni - 2, Math.floor(x + SAME)));
  const j = Math.max(0, Math.min(nj - 2, Math.floor(y + SAME)));
  const k = Math.max(0, Math.min(nk - 2, Math.floor(z + SAME)));
  const [a, b, c] = [x - i, y - j, z - k];
  const right = ni > 1 ? 1 : 0;
  const below = nj > 1 ? ni : 0;
  const above = nk > 1 ? ni * nj : 0;
  const n = (k * nj + j) * ni + i;
  const near =
    (1 - b) * ((1 - a) * steps[n] + a * steps[n + right]) +
    b * ((1 - a) * steps[n + below] + a * steps[n + below + right]);
  const m = n + above;
  const far =
    (1 - b) * ((1 - a) * steps[m] + a * steps[m + right]) +
    b * ((1 - a) * steps[m + below] + a * steps[m + below + right]);
  return gyPerStep * ((1 - c) * near + c * far);
}

/**
 * Gray at the centre of a voxel of the CT, for many voxels; NaN beyond the dose grid.
 * @param {CtGrid} ct
 * @param {DoseGrid} dose
 * @returns {(i: number, j: number, k: number) => number}
 */
export function doseSampler(ct, dose) {
  const [x, y, z] = joinAffines(ct.affine, dose.affine);
  const place = [0, 0, 0];
  return (i, j, k) => {
    place[0] = x[0] * i + x[1] * j + x[2] * k + x[3];
    place[1] = y[0] * i + y[1] * j + y[2] * k + y[3];
    place[2] = z[0] * i + z[1] * j + z[2] * k + z[3];
    return valueAt(dose, place);
  };
}

/**
 * Gray at the centre of a voxel of the CT; null beyond the dose grid.
 * @param {DoseGrid} dose
 * @param {CtGrid} ct
 * @param {Triple} ijk
 */
export function doseAt(dose, ct, ijk) {
  const gy = valueAt(dose, carry(joinAffines(ct.affine, dose.affine), ijk));
  return Number.isNaN(gy) ? null : gy;
}
