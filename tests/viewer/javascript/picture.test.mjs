import assert from "node:assert/strict";
import test from "node:test";
import { strength } from "../../../han5k_review/viewer/assets/draw/layers.js";
import {
  legible,
  luminance,
  parseHex,
  structureColours,
} from "../../../han5k_review/viewer/assets/pure/colours.js";
import { greyRun, slabOf, slabOrder, valueAt } from "../../../han5k_review/viewer/assets/pure/slabs.js";
import { buildLut, dragWindow, nextWindow } from "../../../han5k_review/viewer/assets/pure/windowing.js";

const grey = (lut, hu) => lut[hu & 0xffff] & 255;

test("a window of 35 / 350 is black at -140, white at 210, opaque everywhere", () => {
  const lut = buildLut(35, 350);
  assert.equal(grey(lut, -140), 0);
  assert.equal(grey(lut, -1024), 0);
  assert.equal(grey(lut, 210), 255);
  assert.equal(grey(lut, 3000), 255);
  assert.ok(Math.abs(grey(lut, 35) - 127.5) <= 1.5);
  assert.ok(lut.every((word) => word >>> 24 === 255));
});

test("the table never falls with rising HU", () => {
  const lut = buildLut(450, 1600);
  for (let hu = -32768; hu < 32767; hu++) assert.ok(grey(lut, hu) <= grey(lut, hu + 1));
});

test("dragging widens to the right, brightens upwards, and stays within sense", () => {
  const start = { name: "soft", centre_hu: 35, width_hu: 350 };
  assert.ok(dragWindow(start, 10, 0).width_hu > 350);
  assert.ok(dragWindow(start, 0, 10).centre_hu > 35);
  assert.equal(dragWindow(start, -1e6, 0).width_hu, 2);
});

test("windows follow one another round", () => {
  const windows = [{ name: "a" }, { name: "b" }];
  assert.equal(nextWindow(windows, { name: "b" }).name, "a");
  assert.equal(nextWindow(windows, { name: "by hand" }).name, "a");
});

const shuffled = (values) => {
  const bytes = new Uint8Array(new Int16Array(values).buffer);
  return Uint8Array.from([...bytes.filter((_, n) => n % 2 === 0), ...bytes.filter((_, n) => n % 2 === 1)]);
};

test("a shuffled slab gives back its int16, negative ones too", () => {
  const values = [-1024, -1, 0, 1, 255, 256, 3071, -32768, 32767];
  const slab = shuffled(values);
  assert.deepEqual(
    values.map((_, n) => valueAt(slab, n)),
    values,
  );
});

test("grey runs follow their stride", () => {
  const slab = shuffled([0, 100, 200, 300, 400, 500]);
  const lut = buildLut(250, 500);
  const out = new Uint32Array(4);
  greyRun(slab, 1, 2, 3, lut, out, 1);
  assert.deepEqual([...out], [0, lut[100], lut[300], lut[500]]);
});

const slabs = [0, 8, 16, 24].map((first) => ({ first, slices: 8 }));

test("slabs come outwards from the wanted slice", () => {
  assert.deepEqual(
    slabOrder(slabs, 18, () => true),
    [2, 1, 3, 0],
  );
  assert.deepEqual(
    slabOrder(slabs, 0, (n) => n !== 0),
    [1, 2, 3],
  );
});

test("each slice is in its slab", () => {
  assert.deepEqual(
    [0, 7, 8, 31].map((k) => slabOf(slabs, k)),
    [0, 0, 1, 3],
  );
});

test("dark structure colours become visible on black, bright ones stay", () => {
  assert.ok(luminance(parseHex(legible("#1010a0"))) >= 0.28);
  assert.equal(legible("#ffee55"), "#ffee55");
});

test("the colour-blind palette gives pairs one hue, the right one paler", () => {
  const colours = structureColours(
    [
      { name: "ParotidL", pair: "ParotidR", side: "L", color: "#000000" },
      { name: "ParotidR", pair: "ParotidL", side: "R", color: "#000000" },
      { name: "Larynx", pair: null, side: null, color: "#000000" },
    ],
    true,
  );
  const [left, right, other] = ["ParotidL", "ParotidR", "Larynx"].map((name) => parseHex(colours.get(name)));
  assert.ok(luminance(right) > luminance(left));
  assert.notDeepEqual(other, left);
});

test("colours that are safe for the colour blind come from the table, where it has them", () => {
  const table = [
    { name: "Eye", color: "#ff9999", color_safe: "#b3ffff" },
    { name: "Lens", color: "#99ff99", color_safe: "#ffcc33" },
  ];
  assert.deepEqual([...structureColours(table, true).values()], ["#b3ffff", "#ffcc33"]);
  assert.deepEqual([...structureColours(table, false).values()], ["#ff9999", "#99ff99"]);
  const older = [table[0], { ...table[1], color_safe: null }];
  assert.notEqual(structureColours(older, true).get("Eye"), "#b3ffff");
});

test("others are dimmed, the chosen structure never", () => {
  const [chosen, other] = [{ chosen: true }, { chosen: false }];
  assert.equal(strength(chosen, true), 1);
  assert.ok(strength(other, true) < strength(other, false) / 2);
});
