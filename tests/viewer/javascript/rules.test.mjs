import assert from "node:assert/strict";
import test from "node:test";
import { EditMask } from "../../../han5k_review/viewer/assets/edit/edit_mask.js";
import { judge, warningsOf } from "../../../han5k_review/viewer/assets/edit/rules.js";

const GRID = [20, 10, 4];
const SPACING = [1, 1, 2]; // 2 mm3 a voxel: 0.01 cc are 5 of them

const RULES = {
  outside: { at_least: 0.01, decimals: 2, sentence: "{amount} cc lie outside {other}." },
  side: { at_least: 0, decimals: 0, sentence: "Not on the {side} of {other}." },
  pieces: { at_least: 1, decimals: 0, sentence: "{pieces} pieces, before {before}." },
};

/** A box of ones, as it comes over the wire. */
const box = (start, shape) => ({
  start,
  shape,
  bits: new Uint8Array(Math.ceil((shape[0] * shape[1] * shape[2]) / 8)).fill(255),
});

const said = (mask, structure, others, pieces = null) =>
  warningsOf(RULES, new EditMask(GRID, SPACING, mask), structure, (name) => others[name], pieces);

test("a rim of four voxels outside is not said, five are", () => {
  const inBrain = { inside: "Brain" };
  assert.deepEqual(said(box([2, 2, 1], [5, 2, 1]), inBrain, { Brain: box([2, 2, 1], [3, 2, 1]) }), []);
  assert.deepEqual(said(box([2, 2, 1], [6, 1, 1]), inBrain, { Brain: box([2, 2, 1], [1, 1, 1]) }), [
    "0.01 cc lie outside Brain.",
  ]);
});

test("left is where i grows, and the same middle is no side", () => {
  const left = { side: "L", pair: "EyeR" };
  const right = { side: "R", pair: "EyeL" };
  const [low, high] = [box([2, 2, 1], [2, 2, 2]), box([12, 2, 1], [2, 2, 2])];
  assert.deepEqual(said(high, left, { EyeR: low }), []);
  assert.deepEqual(said(low, right, { EyeL: high }), []);
  assert.deepEqual(said(low, left, { EyeR: high }), ["Not on the left of EyeR."]);
  assert.deepEqual(said(high, right, { EyeL: low }), ["Not on the right of EyeL."]);
  assert.deepEqual(said(high, left, { EyeR: high }), ["Not on the left of EyeR."]);
});

test("pieces are counted against those of the contour under review", () => {
  const apart = { start: [0, 0, 0], shape: [5, 1, 1], bits: new Uint8Array([0b10001]) };
  assert.deepEqual(said(apart, {}, {}, 1), ["2 pieces, before 1."]);
  assert.deepEqual(said(apart, {}, {}, 2), []);
  assert.deepEqual(said(apart, {}, {}, null), []);
  assert.deepEqual(said(apart, {}, {}, 0), []); // drawn from nothing
});

test("what cannot be measured breaks no rule", () => {
  assert.equal(judge(RULES.side, Number.NaN, {}), null);
});
