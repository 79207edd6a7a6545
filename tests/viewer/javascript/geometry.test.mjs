import assert from "node:assert/strict";
import test from "node:test";
import * as c from "../../../han5k_review/viewer/assets/pure/cameras.js";
import * as g from "../../../han5k_review/viewer/assets/pure/geometry.js";

const shape = [20, 24, 12];
const spacing = [0.8, 1.2, 3];
const lps = [
  [-0.8, 0, 0, 7],
  [0, -1.2, 0, 9],
  [0, 0, 3, -11],
  [0, 0, 0, 1],
];

test("in an axial view left is to the right and posterior below", () => {
  const origin = g.voxelToPlane("axial", [0, 0, 5], shape, spacing);
  const left = g.voxelToPlane("axial", [1, 0, 5], shape, spacing);
  const posterior = g.voxelToPlane("axial", [0, 1, 5], shape, spacing);
  assert.deepEqual([left.u > origin.u, left.v === origin.v], [true, true]);
  assert.deepEqual([posterior.u === origin.u, posterior.v > origin.v], [true, true]);
});

test("in the upright views superior is above", () => {
  for (const plane of ["sagittal", "coronal"]) {
    const low = g.voxelToPlane(plane, [3, 3, 3], shape, spacing);
    const high = g.voxelToPlane(plane, [3, 3, 4], shape, spacing);
    assert.equal(high.u, low.u);
    assert.ok(high.v < low.v);
  }
});

test("side letters of LPS axes are the radiological ones", () => {
  assert.deepEqual(g.sideLetters("axial", lps), { left: "R", right: "L", top: "A", bottom: "P" });
  assert.deepEqual(g.sideLetters("sagittal", lps), { left: "A", right: "P", top: "S", bottom: "I" });
  assert.deepEqual(g.sideLetters("coronal", lps), { left: "R", right: "L", top: "S", bottom: "I" });
});

test("an oblique axis says both directions, the main one first", () => {
  assert.equal(g.directionLetters([-0.8, 0.6, 0]), "LA");
  assert.equal(g.directionLetters([-0.99, 0.1, 0]), "L");
});

test("every voxel is found again at its own centre, in every plane", () => {
  for (const plane of g.PLANE_NAMES) {
    for (const ijk of [
      [0, 0, 0],
      [19, 23, 11],
      [4, 17, 2],
    ]) {
      const { u, v } = g.voxelToPlane(plane, ijk, shape, spacing);
      const index = ijk[g.PLANES[plane].through];
      assert.deepEqual(g.planeToVoxel(plane, u, v, index, shape, spacing), ijk);
    }
  }
});

test("outside the volume there is no voxel", () => {
  assert.equal(g.planeToVoxel("axial", -0.1, 3, 0, shape, spacing), null);
  assert.equal(g.planeToVoxel("axial", 16.01, 3, 0, shape, spacing), null);
});

test("millimetres keep their aspect: a plane is as wide and high as the body in it", () => {
  const size = g.planeSize("coronal", shape, spacing);
  assert.deepEqual([size.widthMm, size.heightMm], [16, 36]);
  const camera = c.fitCamera(size, 200, 200);
  const a = c.planeToScreen(camera, 0, 0, 200, 200);
  const b = c.planeToScreen(camera, 16, 36, 200, 200);
  assert.ok(Math.abs((b.x - a.x) / (b.y - a.y) - 16 / 36) < 1e-12);
});

test("zooming keeps the point under the pointer where it is", () => {
  const size = { widthMm: 400, heightMm: 400 };
  const camera = { u: 200, v: 200, scale: 4 };
  const before = c.screenToPlane(camera, 120, 250, 400, 400);
  const zoomed = c.zoomCamera(camera, size, 400, 400, 1.5, 120, 250);
  const after = c.screenToPlane(zoomed, 120, 250, 400, 400);
  assert.ok(Math.hypot(after.u - before.u, after.v - before.v) < 1e-9);
});

test("the picture cannot be pushed out of its view", () => {
  const size = { widthMm: 100, heightMm: 100 };
  const camera = c.panCamera({ u: 50, v: 50, scale: 8 }, size, 200, 200, 1e6, -1e6);
  assert.deepEqual([camera.u, camera.v], [12.5, 87.5]);
});

test("a position is said by letters, LPS signs never", () => {
  assert.equal(g.formatPosition([-12.4, 30.1, 88]), "L 12.4  A 30.1  S 88.0 mm");
  assert.deepEqual(
    g.voxelToRas(lps, [1, 1, 1]).map((n) => Math.round(n * 10) / 10),
    [6.2, 7.8, -8],
  );
});

test("the scale bar is the longest round length that fits", () => {
  assert.deepEqual(c.scaleBar(2, 160), { mm: 50, pixels: 100, label: "5 cm" });
  assert.deepEqual(c.scaleBar(40, 160), { mm: 2, pixels: 80, label: "2 mm" });
});

test("a ruler measures in millimetres", () => {
  assert.equal(g.distanceMm({ u: 1, v: 2 }, { u: 4, v: 6 }), 5);
});
