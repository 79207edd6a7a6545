import assert from "node:assert/strict";
import test from "node:test";
import * as c from "../../../han5k_review/viewer/assets/edit/combining.js";
import { EditMask } from "../../../han5k_review/viewer/assets/edit/edit_mask.js";
import { applySliceTool } from "../../../han5k_review/viewer/assets/edit/slice_tools.js";
import { bodyOf } from "../../../han5k_review/viewer/assets/pure/skin.js";

const SPACING = [1, 1.5, 2.5];
const GRID = [14, 12, 8];
const NONE = { left: 0, right: 0, anterior: 0, posterior: 0, superior: 0, inferior: 0 };

/** Voxels as they come over the wire: those of the grid for which `isIn(i, j, k)`. */
const wire = (isIn, grid = GRID) => {
  const [ni, nj, nk] = grid;
  const bits = new Uint8Array(Math.ceil((ni * nj * nk) / 8));
  let voxels = 0;
  for (const [i, j, k] of all(grid))
    if (isIn(i, j, k)) {
      const n = (k * nj + j) * ni + i;
      bits[n >> 3] |= 1 << (n & 7);
      voxels++;
    }
  return { start: [0, 0, 0], shape: [...grid], bits, voxels };
};
const all = ([ni, nj, nk]) =>
  Array.from({ length: ni * nj * nk }, (_, n) => [n % ni, Math.floor(n / ni) % nj, Math.floor(n / ni / nj)]);
const edit = (isIn, grid = GRID) => new EditMask(grid, SPACING, wire(isIn, grid));
const same = (mask, isIn, grid = GRID) => {
  for (const [i, j, k] of all(grid)) assert.equal(mask.holds(i, j, k), isIn(i, j, k), `${i} ${j} ${k}`);
};
const mm = (a, b) => Math.hypot(...a.map((one, axis) => (one - b[axis]) * SPACING[axis]));
const ball = (centre, radius) => (i, j, k) => mm([i, j, k], centre) <= radius;
const ONE = ball([6, 6, 4], 6);
const OTHER = ball([10, 6, 4], 4);

test("a neighbour is taken away, with the distance kept from it", () => {
  for (const gap of [0, 2, 3.5]) {
    const mask = edit(ONE);
    c.subtract(mask, c.fillOf(wire(OTHER)), gap);
    const isNear = (...ijk) => all(GRID).some((at) => OTHER(...at) && mm(at, ijk) <= gap + 1e-9);
    same(mask, (...ijk) => ONE(...ijk) && !isNear(...ijk));
  }
});

test("a contour is kept inside another one, and at a distance from its border", () => {
  for (const gap of [0, 1.5]) {
    const mask = edit(ONE);
    c.keepInside(mask, c.fillOf(wire(OTHER)), gap);
    const isOut = (...ijk) => all(GRID).some((at) => !OTHER(...at) && mm(at, ijk) <= gap + 1e-9);
    same(mask, (...ijk) => ONE(...ijk) && !isOut(...ijk));
  }
});

test("two structures are added", () => {
  const mask = edit(ball([3, 3, 2], 3));
  c.add(mask, wire(OTHER));
  same(mask, (...ijk) => ball([3, 3, 2], 3)(...ijk) || OTHER(...ijk));
});

/** By the definition, voxel by voxel: within the half ellipsoid of the margins on that side. */
const within = (from, to, margins) => {
  const sides = [
    [margins.left, margins.right],
    [margins.posterior, margins.anterior],
    [margins.superior, margins.inferior],
  ];
  let sum = 0;
  for (let axis = 0; axis < 3; axis++) {
    const off = (to[axis] - from[axis]) * SPACING[axis];
    const margin = sides[axis][off > 0 ? 0 : 1];
    if (off !== 0) sum += margin ? (off / margin) ** 2 : Infinity;
  }
  return sum <= 1 + 1e-6;
};

test("a margin of its own on each side grows and shrinks as it is defined", () => {
  const margins = { left: 4, right: 1, anterior: 0, posterior: 3, superior: 5, inferior: 2.5 };
  const start = ball([5, 6, 4], 4);
  const grown = edit(start);
  c.changeMargin(grown, margins);
  same(grown, (...ijk) => all(GRID).some((at) => start(...at) && within(at, ijk, margins)));
  const shrunk = edit(start);
  c.changeMargin(shrunk, margins, true);
  same(
    shrunk,
    (...ijk) => start(...ijk) && !all(GRID).some((at) => !start(...at) && within(ijk, at, margins)),
  );
});

test("left is towards higher i, and only that border moves", () => {
  const mask = edit((i, j, k) => i === 5 && j === 6 && k === 4);
  c.changeMargin(mask, { ...NONE, left: 2 });
  same(mask, (i, j, k) => i >= 5 && i <= 7 && j === 6 && k === 4);
});

test("all gaps of a structure are filled at once, in one step", () => {
  const there = [0, 3, 4, 7];
  const mask = edit((i, j, k) => i > 3 && i < 9 && j > 3 && j < 9 && there.includes(k));
  const task = { plane: "axial", index: 4, where: null, drawn: new Set(), mm: 1 };
  assert.equal(applySliceTool(mask, "fill-between", task), "2 gaps were filled.");
  same(mask, (i, j) => i > 3 && i < 9 && j > 3 && j < 9);
  assert.notEqual(mask.takeChange(), null);
  assert.equal(
    applySliceTool(mask, "fill-between", task),
    "There is no gap between the slices with a contour.",
  );
});

test("the body is what the skin encloses: airways belong to it, the couch and the room do not", () => {
  const slice = [
    "............",
    "..######....",
    ".###..###...",
    ".##....##...",
    ".########...",
    "............",
    "############",
    "............",
  ];
  const hu = Int16Array.from(slice.join(""), (sign) => (sign === "#" ? 40 : -1000));
  const body = bodyOf(hu, 12);
  const shown = slice.map((_, row) =>
    [...body.subarray(row * 12, row * 12 + 12)].map((one) => ".#"[one]).join(""),
  );
  assert.deepEqual(shown, [
    "............",
    "..######....",
    ".########...",
    ".########...",
    ".########...",
    "............",
    "............",
    "............",
  ]);
});
