import assert from "node:assert/strict";
import test from "node:test";
import { EditMask } from "../../../han5k_review/viewer/assets/edit/edit_mask.js";
import { PushStroke, pushRadius } from "../../../han5k_review/viewer/assets/edit/pushing.js";
import { erasing } from "../../../han5k_review/viewer/assets/edit/tools.js";

/** A slice of one-millimetre voxels drawn in ASCII. */
const drawn = (rows) => {
  const [ni, nj] = [rows[0].length, rows.length];
  const bits = new Uint8Array(Math.ceil((ni * nj) / 8));
  for (const [n, c] of [...rows.join("")].entries()) if (c === "#") bits[n >> 3] |= 1 << (n & 7);
  return new EditMask([ni, nj, 1], [1, 1, 1], { start: [0, 0, 0], shape: [ni, nj, 1], bits });
};
const shown = (mask) =>
  Array.from({ length: mask.grid[1] }, (_, j) =>
    Array.from({ length: mask.grid[0] }, (_, i) => (mask.holds(i, j, 0) ? "#" : ".")).join(""),
  );
const HALF = Array(7).fill("#####.....");
const push = (mask, sizeMm, ...points) => {
  const stroke = new PushStroke(mask, "axial", { sizeMm, ball: false });
  for (const [i, j] of points) stroke.add([i, j, 0]);
  return stroke;
};

test("a press changes nothing, wherever it is and however large the brush", () => {
  for (let i = 0; i < 10; i += 0.3) {
    for (let j = 0; j < 7; j += 0.7) {
      const mask = drawn(HALF);
      push(mask, 30, [i, j]);
      assert.equal(mask.takeChange(), null, `${i} ${j}`);
    }
  }
});

test("the disc has room up to the nearest voxel of the other side, and at most half the brush", () => {
  const mask = drawn(HALF);
  const radius = (i, sizeMm) => pushRadius(mask, "axial", [i, 3, 0], { sizeMm, ball: false });
  assert.ok(Math.abs(radius(2, 30) - 3) < 1e-4); // column 5 is outside
  assert.ok(Math.abs(radius(7, 30) - 3) < 1e-4); // column 4 is inside
  assert.ok(Math.abs(radius(2, 4) - 2) < 1e-4);
});

test("from inside the border goes outwards, as far as the disc does", () => {
  const mask = drawn(HALF);
  push(mask, 30, [2, 3], [4, 3]); // radius 3 from column 2, so now up to column 6 without its edge
  const pushed = "#######...";
  assert.deepEqual(shown(mask), ["#####.....", ...Array(5).fill(pushed), "#####....."]);
});

test("from outside it goes inwards", () => {
  const mask = drawn(HALF);
  push(mask, 4, [7, 3], [5, 3]); // radius 2: columns 4 to 6 on row 3
  assert.deepEqual(shown(mask)[3], "####......");
  assert.deepEqual(shown(mask)[0], "#####.....");
});

test("the right button erases with brushes and hand-drawn lines, and leaves polygons alone", () => {
  for (const tool of ["brush", "eraser", "push"]) assert.equal(erasing(tool), "eraser");
  assert.equal(erasing("freehand-add"), "freehand-cut");
  assert.equal(erasing("polygon-add"), null);
});
