import assert from "node:assert/strict";
import test from "node:test";
import * as s from "../../../han5k_review/viewer/assets/pure/solid.js";

const FRONT = { turn: 0, tilt: 0 };
/** A ball of `radius` mm around the middle of a grid of `shape` voxels. */
const ball = (shape, spacing, radius) => {
  const [ni, nj, nk] = shape;
  const bits = new Uint8Array(Math.ceil((ni * nj * nk) / 8));
  for (let n = 0; n < ni * nj * nk; n++) {
    const ijk = [n % ni, Math.floor(n / ni) % nj, Math.floor(n / ni / nj)];
    const off = ijk.map((at, axis) => (at - (shape[axis] - 1) / 2) * spacing[axis]);
    if (Math.hypot(...off) <= radius) bits[n >> 3] |= 1 << (n & 7);
  }
  return { start: [0, 0, 0], shape, bits };
};
const draw = (mask, spacing, look, size = 200) => {
  const solid = s.solidOf(mask, spacing);
  const words = new Uint32Array(size * size);
  const extent = s.extentOfSolids([solid]);
  s.drawSolids(words, size, [{ solid, rgb: [255, 0, 0] }], look, extent, Math.max(spacing[0], spacing[1]));
  return { words, solid, extent, red: (x, y) => words[y * size + x] & 255 };
};

test("the directions of a ball's border point away from its middle", () => {
  const { points, normals } = s.solidOf(ball([41, 41, 17], [1, 1, 2.5], 18), [1, 1, 2.5]);
  assert.ok(points.length > 3000);
  let [sum, count] = [0, 0];
  for (let n = 0; n < points.length; n += 3, count++) {
    const out = [points[n] - 20, points[n + 1] - 20, points[n + 2] - 20];
    const length = Math.hypot(...out);
    sum += (out[0] * normals[n] + out[1] * normals[n + 1] + out[2] * normals[n + 2]) / length;
  }
  assert.ok(sum / count > 0.93, `${sum / count}`);
});

test("a ball is a filled disc from every side, brighter towards the light", () => {
  const size = 200;
  for (const look of [FRONT, { turn: 1.1, tilt: 0.4 }, { turn: 3, tilt: -1.2 }]) {
    const { words, red, extent } = draw(ball([41, 41, 17], [1, 1, 2.5], 18), [1, 1, 2.5], look, size);
    const shown = words.reduce((count, word) => count + ((word & 255) > 20 ? 1 : 0), 0);
    const radius = 18.5 * (size / 2 / extent.radius) * 0.96;
    assert.ok(Math.abs(shown / (Math.PI * radius ** 2) - 1) < 0.12, `${shown / (Math.PI * radius ** 2)}`);
    assert.ok(red(100 - 20, 100 - 20) > red(100 + 25, 100 + 25) + 40);
  }
});

test("from the front the patient's right is on the left and the head above", () => {
  const mask = { start: [0, 0, 0], shape: [3, 1, 3], bits: new Uint8Array(2) };
  for (const n of [0, 3, 6, 7, 8]) mask.bits[n >> 3] |= 1 << (n & 7); // i = 0 on each slice, all of k = 2
  const { words } = draw(mask, [1, 1, 1], FRONT);
  const part = (x0, x1, y0, y1) => {
    let count = 0;
    for (let y = y0; y < y1; y++)
      for (let x = x0; x < x1; x++) count += (words[y * 200 + x] & 255) > 20 ? 1 : 0;
    return count;
  };
  assert.ok(part(0, 90, 0, 200) > part(110, 200, 0, 200) * 1.5); // i = 0 is the patient's right
  assert.ok(part(0, 200, 0, 90) > part(0, 200, 110, 200) * 1.5);
});

test("the side is named from which one looks", () => {
  assert.equal(s.seenFrom(FRONT), "A");
  assert.equal(s.seenFrom({ turn: Math.PI, tilt: 0 }), "P");
  assert.equal(s.seenFrom({ turn: 0, tilt: Math.PI / 2 }), "I");
  assert.equal(s.seenFrom({ turn: 0, tilt: -Math.PI / 2 }), "S");
  const [right, down, away] = s.axesOf({ turn: 0.7, tilt: 0.3 });
  const cross = [0, 1, 2].map(
    (n) => right[(n + 1) % 3] * down[(n + 2) % 3] - right[(n + 2) % 3] * down[(n + 1) % 3],
  );
  for (const n of [0, 1, 2]) assert.ok(Math.abs(cross[n] - away[n]) < 1e-12); // no mirror
});
