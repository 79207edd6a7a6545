import assert from "node:assert/strict";
import test from "node:test";
import { relaxLoop, traceLoops } from "../../../han5k_review/viewer/assets/pure/contours.js";
import * as m from "../../../han5k_review/viewer/assets/pure/masks.js";

/** Draws a slice in ASCII, frames it. */
const framed = (...rows) => {
  const width = rows[0].length + 2;
  const cells = new Uint8Array(width * (rows.length + 2));
  for (const [y, row] of rows.entries())
    for (const [x, c] of [...row].entries()) cells[(y + 1) * width + x + 1] = c === "#" ? 1 : 0;
  return { cells, width, height: rows.length + 2, column: 0, row: 0 };
};

const area = (loop) => {
  let twice = 0;
  for (let n = 0; n < loop.length; n += 2) {
    const next = (n + 2) % loop.length;
    twice += loop[n] * loop[next + 1] - loop[next] * loop[n + 1];
  }
  return twice / 2;
};

const inside = (loop, x, y) => {
  let hit = false;
  for (let n = 0, p = loop.length - 2; n < loop.length; p = n, n += 2) {
    const crosses = loop[n + 1] > y !== loop[p + 1] > y;
    if (crosses && x < ((loop[p] - loop[n]) * (y - loop[n + 1])) / (loop[p + 1] - loop[n + 1]) + loop[n])
      hit = !hit;
  }
  return hit;
};

const box = (structure, start, shape, bits) => ({
  structure,
  start,
  shape,
  bits: Uint8Array.from(bits),
  voxels: 1,
});

test("one voxel is a diamond of half its area", () => {
  const [loop, ...others] = traceLoops(framed("#"));
  assert.equal(others.length, 0);
  assert.equal(Math.abs(area(loop)), 0.5);
});

test("a block of w by h has the area w h - 1 / 2", () => {
  const [loop] = traceLoops(framed("####", "####", "####"));
  assert.equal(Math.abs(area(loop)), 12 - 0.5);
});

test("a hole is a loop of its own, turned the other way", () => {
  const loops = traceLoops(framed("####", "#..#", "####"));
  assert.equal(loops.length, 2);
  assert.ok(area(loops[0]) * area(loops[1]) < 0);
});

test("diagonal neighbours stay two loops", () => {
  assert.equal(traceLoops(framed("#.", ".#")).length, 2);
  assert.equal(traceLoops(framed(".#", "#.")).length, 2);
});

test("smoothing never moves a voxel to the other side, and keeps the area", () => {
  const rows = Array.from({ length: 40 }, (_, y) =>
    Array.from({ length: 40 }, (_, x) =>
      (x - 20) ** 2 / 300 + (y - 19) ** 2 / 120 < 1 + 0.2 * Math.sin(x * 1.7) ? "#" : ".",
    ).join(""),
  );
  const slice = framed(...rows);
  const loops = traceLoops(slice).map(relaxLoop);
  for (let y = 1; y < slice.height - 1; y++) {
    for (let x = 1; x < slice.width - 1; x++) {
      const count = loops.filter((loop) => inside(loop, x, y)).length;
      assert.equal(count % 2, slice.cells[y * slice.width + x], `voxel ${x}, ${y}`);
    }
  }
  const voxels = slice.cells.reduce((a, b) => a + b, 0);
  const drawn = Math.abs(loops.reduce((sum, loop) => sum + area(loop), 0));
  assert.ok(Math.abs(drawn - voxels) / voxels < 0.03);
});

test("a gentle slope is drawn without stairs", () => {
  const rows = Array.from({ length: 14 }, (_, y) =>
    Array.from({ length: 48 }, (_, x) => (y > 2 + x / 8 ? "#" : ".")).join(""),
  );
  const [loop] = traceLoops(framed(...rows)).map(relaxLoop);
  for (let n = 0; n < loop.length; n += 2) {
    const [x, y] = [loop[n], loop[n + 1]];
    if (x > 8 && x < 40 && y < 12) assert.ok(Math.abs(y - (3.1 + (x - 1) / 8)) < 0.45, `${x}, ${y}`);
  }
});

// A 2 x 3 x 2 box at (4, 5, 6): voxels (0,0,0) and (1,2,1) of the box, n = 0 and 11.
const mask = box("A", [4, 5, 6], [2, 3, 2], [0b00000001, 0b00001000]);
const shape = [10, 12, 14];

test("bits are read i fastest, then j, then k", () => {
  assert.equal(m.holds(mask, 4, 5, 6), true);
  assert.equal(m.holds(mask, 5, 7, 7), true);
  assert.equal(m.holds(mask, 5, 5, 6), false);
  assert.equal(m.holds(mask, 6, 5, 6), false);
});

test("a slice lies where its voxel lies on the screen, in each plane", () => {
  const find = (plane, index) => {
    const slice = m.maskSlice(mask, plane, index, shape);
    const at = slice.cells.indexOf(1);
    return [slice.column + (at % slice.width) - 1, slice.row + Math.floor(at / slice.width) - 1];
  };
  assert.deepEqual(find("axial", 7), [5, 7]);
  assert.deepEqual(find("sagittal", 5), [7, 14 - 1 - 7]);
  assert.deepEqual(find("coronal", 7), [5, 14 - 1 - 7]);
  assert.equal(m.maskSlice(mask, "axial", 8, shape), null);
});

test("profiles count per slice", () => {
  const profile = m.areaProfile(mask, shape);
  assert.deepEqual([profile[6], profile[7], profile[8]], [1, 1, 0]);
  assert.deepEqual(m.extentOf(profile), { first: 6, last: 7 });
});

test("differences count voxels of only one mask", () => {
  const other = box("A", [5, 7, 7], [1, 1, 2], [0b11]);
  assert.deepEqual([...m.differenceProfile(mask, other, shape)].slice(6, 9), [1, 0, 1]);
  assert.equal(m.peakOf(m.differenceProfile(mask, mask, shape)), null);
  assert.equal(m.differenceProfile(mask, null, shape)[6], 1);
});

test("an empty mask is nowhere", () => {
  const empty = box("E", [0, 0, 0], [0, 0, 0], []);
  assert.equal(m.isEmpty(empty), true);
  assert.equal(m.maskSlice(empty, "axial", 0, shape), null);
  assert.equal(m.extentOf(m.areaProfile(empty, shape)), null);
});

const packet = (header, payload) => {
  const text = new TextEncoder().encode(JSON.stringify(header));
  const front = Math.ceil((8 + text.length) / 8) * 8;
  const buffer = new ArrayBuffer(front + payload.length);
  const bytes = new Uint8Array(buffer);
  bytes.set([72, 77, 83, 75]);
  new DataView(buffer).setUint32(4, text.length, true);
  bytes.set(text, 8);
  bytes.set(payload, front);
  return buffer;
};

test("a packet gives back its masks; a cut or foreign one is refused", () => {
  const entry = {
    structure: "A",
    start: [4, 5, 6],
    shape: [2, 3, 2],
    offset: 1,
    bytes: 2,
    voxels: 2,
    centre: [4, 6, 6],
  };
  const masks = m.parseMasks(packet({ masks: [entry] }, [9, 1, 8]));
  assert.equal(m.holds(masks.get("A"), 5, 7, 7), true);
  assert.throws(() => m.parseMasks(packet({ masks: [entry] }, [9, 1])), /cut short/);
  assert.throws(() => m.parseMasks(new ArrayBuffer(16)), /HMSK/);
});
