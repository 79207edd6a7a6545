import assert from "node:assert/strict";
import test from "node:test";
import { EditMask } from "../../../han5k_review/viewer/assets/edit/edit_mask.js";
import { paintCapsule } from "../../../han5k_review/viewer/assets/edit/painting.js";
import {
  copySlice,
  fillBetween,
  gapsAt,
  reshape,
  revert,
} from "../../../han5k_review/viewer/assets/edit/reshaping.js";

const SPACING = [1, 1, 2];

/** A structure drawn slice by slice in ASCII. */
const drawn = (slices, grid) => {
  const [nj, ni] = [slices[0].length, slices[0][0].length];
  const bits = new Uint8Array(Math.ceil((ni * nj * slices.length) / 8));
  for (const [n, c] of [...slices.flat().join("")].entries()) if (c === "#") bits[n >> 3] |= 1 << (n & 7);
  const mask = { start: [0, 0, 0], shape: [ni, nj, slices.length], bits };
  return new EditMask(grid ?? [ni, nj, slices.length], SPACING, mask);
};
const shown = (mask, k) =>
  Array.from({ length: mask.grid[1] }, (_, j) =>
    Array.from({ length: mask.grid[0] }, (_, i) => (mask.holds(i, j, k) ? "#" : ".")).join(""),
  );
const slice = (index, plane = "axial") => ({ plane, index });

test("a hole of a slice is filled, a bay that is open is not", () => {
  const mask = drawn([["#####.", "#.###.", "###.#.", "#..##.", "##.##."]]);
  reshape(mask, "fill-holes", slice(0));
  assert.deepEqual(shown(mask, 0), ["#####.", "#####.", "#####.", "#..##.", "##.##."]);
});

test("in three dimensions only what is closed on all sides is a hole", () => {
  const full = ["###", "###", "###"];
  const ring = ["###", "#.#", "###"];
  const closed = drawn([full, ring, full]);
  reshape(closed, "fill-holes", null);
  assert.equal(closed.voxels, 27);
  const open = drawn([full, ring, ring]);
  reshape(open, "fill-holes", null);
  assert.equal(open.voxels, 25);
});

test("islands go, the largest piece stays, pieces that touch at a corner are one", () => {
  const mask = drawn([["##...#", "##...#", "..#...", "...#.."]]);
  reshape(mask, "islands", slice(0));
  assert.deepEqual(shown(mask, 0), ["##....", "##....", "..#...", "...#.."]);
});

test("growing by a millimetre and shrinking by one, in a slice and in all", () => {
  const dot = [".....", ".....", "..#..", ".....", "....."];
  const none = Array(5).fill(".....");
  const mask = drawn([none, dot, none]);
  reshape(mask, "grow", slice(1), 1);
  assert.deepEqual(shown(mask, 1), [".....", "..#..", ".###.", "..#..", "....."]);
  assert.equal(mask.voxels, 5);
  reshape(mask, "shrink", slice(1), 1);
  assert.deepEqual(shown(mask, 1), dot);
  reshape(mask, "grow", null, 2);
  assert.deepEqual(shown(mask, 0), dot);
  assert.deepEqual(shown(mask, 1), ["..#..", ".###.", "#####", ".###.", "..#.."]);
});

test("shrinking does not eat from the edge of the image", () => {
  const mask = drawn([["####", "####", "####", "...."]]);
  reshape(mask, "shrink", slice(0), 1);
  assert.deepEqual(shown(mask, 0), ["####", "####", "....", "...."]);
});

test("smoothing takes a spike and fills a dent, and leaves a straight edge", () => {
  const mask = drawn([
    ["...#....", "########", "########", "########", "###.####", "........"].map((row) => row),
  ]);
  reshape(mask, "smooth", slice(0), 1);
  assert.equal(mask.holds(3, 0, 0), false);
  assert.equal(mask.holds(3, 4, 0), true);
  for (let i = 1; i < 7; i++) for (let j = 1; j < 4; j++) assert.equal(mask.holds(i, j, 0), true);
});

test("a slice copied from its neighbour equals it", () => {
  const mask = drawn([
    ["#..", ".#.", "..#"],
    ["###", "...", "..."],
    ["...", "...", "..."],
  ]);
  copySlice(mask, "axial", 0, 1);
  assert.deepEqual(shown(mask, 1), ["#..", ".#.", "..#"]);
  copySlice(mask, "axial", 2, 0);
  assert.deepEqual(shown(mask, 0), ["...", "...", "..."]);
  copySlice(mask, "axial", -1, 0);
  assert.equal(mask.voxels, 3);
});

test("a slice is reverted to the start, the others keep their edits", () => {
  const mask = drawn([
    ["##.", "##.", "..."],
    ["##.", "##.", "..."],
  ]);
  for (const k of [0, 1]) paintCapsule(mask, [1, 1, k], [1, 1, k], { radiusMm: 1, value: 0, flatAxis: 2 });
  paintCapsule(mask, [2, 2, 0], [2, 2, 0], { radiusMm: 0.2, value: 1, flatAxis: 2 });
  revert(mask, slice(0));
  assert.deepEqual(shown(mask, 0), ["##.", "##.", "..."]);
  assert.deepEqual(shown(mask, 1), ["#..", "...", "..."]);
  revert(mask, null);
  assert.equal(mask.figures().vrd, 0);
});

/** A bar of `width` columns from column 10, on one row band. */
const bars = (widths) =>
  drawn(
    widths.map((width) =>
      Array.from({ length: 11 }, (_, j) =>
        Array.from({ length: 40 }, (_, i) => (j >= 3 && j < 8 && i >= 10 && i < 10 + width ? "#" : ".")).join(
          "",
        ),
      ),
    ),
  );
const widthOn = (mask, k) => shown(mask, k)[5].split("#").length - 1;

test("slices between two are filled with shapes between theirs", () => {
  const mask = bars([20, 0, 0, 0, 8]);
  fillBetween(mask, "axial", 0, 4);
  const widths = [0, 1, 2, 3, 4].map((k) => widthOn(mask, k));
  assert.deepEqual([widths[0], widths[4]], [20, 8]);
  for (let k = 1; k < 5; k++) assert.ok(widths[k] <= widths[k - 1] && widths[k] >= 8, String(widths));
  assert.ok(widths[1] > widths[3]);
  const same = bars([12, 3, 0, 20, 12]);
  fillBetween(same, "axial", 0, 4);
  for (let k = 1; k < 4; k++) assert.deepEqual(shown(same, k), shown(same, 0));
});

test("a ball is brought back from its slices in every plane", () => {
  for (const [plane, axis] of [
    ["axial", 2],
    ["sagittal", 0],
    ["coronal", 1],
  ]) {
    const mask = new EditMask([40, 40, 40], [1, 1, 1], null);
    paintCapsule(mask, [20, 20, 20], [20, 20, 20], { radiusMm: 14, value: 1 });
    const whole = mask.voxels;
    mask.takeChange();
    const at = (n) => [0, 1, 2].map((a) => (a === axis ? n : 0));
    for (const n of [17, 18, 19, 21, 22, 23])
      mask.replace(
        at(n),
        [0, 1, 2].map((a) => (a === axis ? n + 1 : 40)),
        new Uint8Array(1600),
      );
    const emptied = mask.voxels;
    assert.deepEqual(gapsAt(mask, plane, 18), [[16, 20]]);
    assert.deepEqual(gapsAt(mask, plane, 20), [
      [16, 20],
      [20, 24],
    ]);
    for (const [first, last] of gapsAt(mask, plane, 20)) fillBetween(mask, plane, first, last);
    assert.ok(
      emptied < 0.7 * whole && Math.abs(mask.voxels - whole) < 0.02 * whole,
      `${plane}: ${emptied} ${mask.voxels} ${whole}`,
    );
  }
});

test("without a gap the slices drawn by hand are joined", () => {
  const mask = bars([5, 9, 9, 9, 9, 5]);
  assert.deepEqual(gapsAt(mask, "axial", 2), []);
  assert.deepEqual(gapsAt(mask, "axial", 2, new Set([0, 5])), [[0, 5]]);
  assert.deepEqual(gapsAt(mask, "axial", 5, new Set([0, 5])), [[0, 5]]);
});
