import assert from "node:assert/strict";
import test from "node:test";
import { squaredDistances } from "../../../han5k_review/viewer/assets/pure/distance.js";
import { largestSurfaceError } from "../../../han5k_review/viewer/assets/pure/surface.js";

const SPACING = [0.9, 1.1, 2.5];

/** A mask of the voxels for which `inside` says yes. */
const mask = (start, shape, inside) => {
  const bits = new Uint8Array(Math.ceil((shape[0] * shape[1] * shape[2]) / 8));
  let n = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, n++) {
        if (inside(i, j, k)) bits[n >> 3] |= 1 << (n & 7);
      }
  return { start, shape, bits };
};
const full = () => true;

test("distances agree with trying every pair", () => {
  const shape = [7, 6, 5];
  const set = Uint8Array.from({ length: 210 }, (_, n) => ((n * 7919) % 37 === 0 ? 1 : 0));
  const place = (n) => [n % 7, Math.floor(n / 7) % 6, Math.floor(n / 42)].map((x, axis) => x * SPACING[axis]);
  const field = squaredDistances(set, shape, SPACING);
  for (let n = 0; n < set.length; n++) {
    const nearest = Math.min(
      ...[...set.keys()]
        .filter((m) => set[m])
        .map((m) => place(n).reduce((sum, x, axis) => sum + (x - place(m)[axis]) ** 2, 0)),
    );
    assert.ok(Math.abs(field[n] - nearest) < 1e-9);
  }
});

test("a block longer by three slices errs by three slices, at its end", () => {
  const short = mask([10, 10, 10], [6, 6, 4], full);
  const long = mask([10, 10, 10], [6, 6, 7], full);
  const found = largestSurfaceError(short, long, SPACING);
  assert.ok(Math.abs(found.mm - 3 * 2.5) < 1e-9);
  assert.equal(found.ijk[2], 16);
  assert.equal(found.ofFirst, false);
});

test("a far island is the largest error", () => {
  const organ = mask([5, 5, 5], [4, 4, 4], full);
  const withIsland = mask([5, 5, 5], [30, 4, 4], (i) => i < 4 || i === 29);
  const found = largestSurfaceError(withIsland, organ, SPACING);
  assert.equal(found.ijk[0], 34);
  assert.ok(Math.abs(found.mm - 26 * 0.9) < 1e-9);
});

test("equal masks err by nothing, an empty one has no surface", () => {
  const organ = mask([5, 5, 5], [4, 4, 4], full);
  assert.equal(largestSurfaceError(organ, organ, SPACING).mm, 0);
  assert.equal(
    largestSurfaceError(organ, { start: [0, 0, 0], shape: [0, 0, 0], bits: new Uint8Array() }, SPACING),
    null,
  );
});
