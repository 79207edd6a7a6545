import assert from "node:assert/strict";
import test from "node:test";
import { EditMask } from "../../../han5k_review/viewer/assets/edit/edit_mask.js";
import { paintCapsule, paintPolygon } from "../../../han5k_review/viewer/assets/edit/painting.js";
import { encodeChange, History } from "../../../han5k_review/viewer/assets/edit/patches.js";
import { maskSlice } from "../../../han5k_review/viewer/assets/pure/masks.js";

const GRID = [40, 36, 20];
const SPACING = [1, 1.5, 3];
const each = (use) => {
  for (let k = 0; k < GRID[2]; k++)
    for (let j = 0; j < GRID[1]; j++) for (let i = 0; i < GRID[0]; i++) use(i, j, k);
};
const linear = (i, j, k) => (k * GRID[1] + j) * GRID[0] + i;

/** A mask as it comes over the wire, of the voxels that `inside` names within a box. */
const wire = (start, shape, inside = () => true) => {
  const bits = new Uint8Array(Math.ceil((shape[0] * shape[1] * shape[2]) / 8));
  let n = 0;
  for (let k = 0; k < shape[2]; k++)
    for (let j = 0; j < shape[1]; j++)
      for (let i = 0; i < shape[0]; i++, n++) {
        if (inside(start[0] + i, start[1] + j, start[2] + k)) bits[n >> 3] |= 1 << (n & 7);
      }
  return { start, shape, bits };
};
const block = () => wire([10, 10, 5], [8, 7, 4]);
const inBlock = (i, j, k) => i >= 10 && i < 18 && j >= 10 && j < 17 && k >= 5 && k < 9;
const dense = (mask) => {
  const out = new Uint8Array(GRID[0] * GRID[1] * GRID[2]);
  each((i, j, k) => {
    out[linear(i, j, k)] = mask.holds(i, j, k) ? 1 : 0;
  });
  return out;
};
const open = (now = block(), base = now) => new EditMask(GRID, SPACING, now, base);

test("an opened mask is the mask that came", () => {
  const mask = open();
  each((i, j, k) => assert.equal(mask.holds(i, j, k), inBlock(i, j, k)));
  assert.deepEqual(mask.figures(), { volumeCc: (8 * 7 * 4 * 4.5) / 1000, dice: 1, vrd: 0 });
  assert.deepEqual(mask.bounds(), { low: [10, 10, 5], high: [18, 17, 9] });
});

test("a slice on the screen is that of the same mask without editing", () => {
  const odd = wire([3, 4, 2], [9, 8, 6], (i, j, k) => (i + 2 * j + 3 * k) % 4 !== 0);
  const mask = open(odd);
  for (const [plane, axis] of [
    ["axial", 2],
    ["sagittal", 0],
    ["coronal", 1],
  ]) {
    for (let index = 0; index < GRID[axis]; index++) {
      const [was, is] = [maskSlice(odd, plane, index, GRID), mask.framedSlice(plane, index)];
      assert.equal(is === null, was === null);
      if (!was) continue;
      for (let r = 0; r < was.height - 2; r++)
        for (let c = 0; c < was.width - 2; c++) {
          const at = (s, row, column) => s.cells[(row - s.row + 1) * s.width + column - s.column + 1];
          assert.equal(at(is, was.row + r, was.column + c), at(was, was.row + r, was.column + c));
        }
    }
  }
});

test("a brush takes the centres within its radius of the line, in each plane, and nothing else", () => {
  const [from, to, radius] = [[12.2, 15.1, 7], [22.7, 20.4, 7], 4.3];
  const sampled = (i, j, k, p, q) => {
    let least = Infinity; // the line as 4,000 points: no formula shared with the tool
    for (let t = 0; t <= 4000; t++) {
      const at = p.map((a, axis) => (a + (t / 4000) * (q[axis] - a)) * SPACING[axis]);
      least = Math.min(
        least,
        Math.hypot(i * SPACING[0] - at[0], j * SPACING[1] - at[1], k * SPACING[2] - at[2]),
      );
    }
    return least;
  };
  for (const [flatAxis, turn] of [
    [2, [0, 1, 2]],
    [0, [1, 2, 0]],
    [1, [0, 2, 1]],
    [null, [0, 1, 2]],
  ]) {
    const place = (point) => {
      const out = [0, 0, 0];
      turn.forEach((axis, n) => {
        out[axis] = n === 2 ? 7 : point[n];
      });
      return out;
    };
    const [p, q] = [place(from), place(to)];
    const mask = open(null);
    paintCapsule(mask, p, q, { radiusMm: radius, value: 1, flatAxis });
    each((i, j, k) => {
      const flat = flatAxis === null || [i, j, k][flatAxis] === 7;
      const near = [i, j, k].every((n, a) => Math.abs(n - (p[a] + q[a]) / 2) < 16);
      const far = !flat || !near ? Infinity : sampled(i, j, k, p, q);
      if (Math.abs(far - radius) > 1e-3) assert.equal(mask.holds(i, j, k), far < radius, `${i},${j},${k}`);
    });
  }
});

test("the eraser takes away, and a forbidden voxel stays as it is", () => {
  const mask = open();
  paintCapsule(mask, [13, 13, 6], [13, 13, 6], {
    radiusMm: 2,
    value: 0,
    flatAxis: 2,
    allowed: (i) => i !== 13,
  });
  assert.equal(mask.holds(12, 13, 6), false);
  assert.equal(mask.holds(13, 13, 6), true);
  assert.equal(mask.holds(12, 13, 5), true);
});

test("a brush smaller than a voxel takes the voxel under it, and one outside the grid none", () => {
  const mask = open(null);
  paintCapsule(mask, [4.4, 5.4, 3], [4.4, 5.4, 3], { radiusMm: 0.1, value: 1, flatAxis: 2 });
  assert.equal(mask.voxels, 1);
  assert.equal(mask.holds(4, 5, 3), true);
  paintCapsule(mask, [-9, 5, 3], [-9, 5, 3], { radiusMm: 3, value: 1, flatAxis: 2 });
  assert.equal(mask.voxels, 1);
});

test("a polygon takes the centres it goes round, also where the line crosses itself", () => {
  const star = [0, 1, 2, 3, 4].map((n) => [
    18 + 12 * Math.sin((4 * Math.PI * n) / 5),
    17 - 12.3 * Math.cos((4 * Math.PI * n) / 5),
    9,
  ]);
  const turns = (x, y) => {
    let angle = 0; // the angle that the line sweeps as seen from the centre
    star.forEach((p, n) => {
      const q = star[(n + 1) % star.length];
      let by = Math.atan2(q[1] - y, q[0] - x) - Math.atan2(p[1] - y, p[0] - x);
      if (by > Math.PI) by -= 2 * Math.PI;
      if (by < -Math.PI) by += 2 * Math.PI;
      angle += by;
    });
    return Math.round(angle / (2 * Math.PI));
  };
  const mask = open(null);
  paintPolygon(mask, "axial", 9, star, 1);
  each((i, j, k) => assert.equal(mask.holds(i, j, k), k === 9 && turns(i, j) !== 0, `${i},${j},${k}`));
  assert.ok(mask.holds(18, 17, 9));
});

test("polygons lie right in sagittal and coronal planes", () => {
  const mask = open(null);
  paintPolygon(
    mask,
    "sagittal",
    7,
    [
      [7, 9.5, 3.5],
      [7, 12.5, 3.5],
      [7, 12.5, 6.5],
      [7, 9.5, 6.5],
    ],
    1,
  );
  each((i, j, k) => assert.equal(mask.holds(i, j, k), i === 7 && j >= 10 && j <= 12 && k >= 4 && k <= 6));
  paintPolygon(
    mask,
    "sagittal",
    7,
    [
      [7, -5, -5],
      [7, 99, -5],
      [7, 99, 99],
      [7, -5, 99],
    ],
    0,
  );
  assert.equal(mask.voxels, 0);
});

test("figures follow every flip and equal those counted anew", () => {
  const mask = open();
  let seed = 7;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let stroke = 0; stroke < 40; stroke++) {
    const p = GRID.map((n) => random() * n);
    paintCapsule(
      mask,
      p,
      p.map((n) => n + 3 * random()),
      { radiusMm: 1 + 5 * random(), value: stroke % 3 ? 1 : 0, flatAxis: null },
    );
    mask.takeChange();
  }
  let [voxels, different] = [0, 0];
  const area = new Uint32Array(GRID[2]);
  each((i, j, k) => {
    if (mask.holds(i, j, k)) {
      voxels++;
      area[k]++;
    }
    if (mask.holds(i, j, k) !== inBlock(i, j, k)) different++;
  });
  assert.equal(mask.voxels, voxels);
  assert.deepEqual(mask.area, area);
  const { vrd, dice } = mask.figures();
  assert.ok(Math.abs(vrd - different / 224) < 1e-12);
  assert.ok(Math.abs(dice - (voxels + 224 - different) / (voxels + 224)) < 1e-12);
});

test("figures of an empty start are undefined, not zero", () => {
  const mask = open(null);
  assert.deepEqual(mask.figures(), { volumeCc: 0, dice: null, vrd: null });
});

test("150 steps are undone one by one, and done again, bit for bit", () => {
  const mask = open();
  const history = new History();
  const states = [dense(mask)];
  for (let n = 0; n < 150; n++) {
    paintCapsule(mask, [(n * 7) % 40, (n * 5) % 36, n % 20], [(n * 7) % 40, (n * 5) % 36, n % 20], {
      radiusMm: 3,
      value: n % 4 ? 1 : 0,
      flatAxis: n % 2 ? 2 : null,
    });
    const change = mask.takeChange();
    if (!change) continue;
    history.push(change);
    states.push(dense(mask));
  }
  assert.ok(states.length > 101);
  for (let n = states.length - 2; n >= 0; n--) {
    mask.applyChange(history.undo());
    assert.deepEqual(dense(mask), states[n]);
  }
  assert.equal(history.undo(), null);
  for (let n = 1; n < states.length; n++) mask.applyChange(history.redo());
  assert.deepEqual(dense(mask), states.at(-1));
  assert.equal(history.redo(), null);
});

/** The server's side of a patch, read from docs/transport.md alone. */
const unpack = ({ start, shape, runs }, cells) => {
  const bytes = Buffer.from(runs, "base64");
  let [n, marked, at] = [0, false, 0];
  while (at < bytes.length) {
    let [length, shift] = [0, 0];
    for (; bytes[at] & 0x80; at++, shift += 7) length += (bytes[at] & 0x7f) << shift;
    length += bytes[at++] << shift;
    assert.ok(length > 0 || n === 0);
    for (const end = n + length; n < end; n++) {
      if (!marked) continue;
      const [i, row] = [n % shape[0], Math.floor(n / shape[0])];
      cells[linear(start[0] + i, start[1] + (row % shape[1]), start[2] + Math.floor(row / shape[1]))] ^= 1;
    }
    marked = !marked;
  }
  assert.equal(n, shape[0] * shape[1] * shape[2]);
};

test("the patch of a stroke flips on the server what it flipped here", () => {
  const mask = open();
  const server = dense(mask);
  const paint = [
    () => paintCapsule(mask, [2, 3, 4], [30, 20, 4], { radiusMm: 5, value: 1, flatAxis: 2 }),
    () => paintCapsule(mask, [14, 12, 6], [14, 12, 6], { radiusMm: 30, value: 0, flatAxis: null }),
    () =>
      paintPolygon(
        mask,
        "axial",
        0,
        [
          [-1, -1, 0],
          [40, -1, 0],
          [40, 36, 0],
          [-1, 36, 0],
        ],
        1,
      ),
    () => paintCapsule(mask, [39, 35, 19], [39, 35, 19], { radiusMm: 0.2, value: 1, flatAxis: 2 }),
  ];
  for (const one of paint) {
    one();
    const patch = encodeChange(mask.takeChange(), GRID);
    unpack(patch, server);
    assert.deepEqual(server, dense(mask));
  }
});

test("a stroke of a 30 mm brush takes far less than 20 kB", () => {
  const mask = new EditMask([512, 512, 160], [0.98, 0.98, 2], null);
  for (let n = 0; n < 40; n++)
    paintCapsule(mask, [200 + 2 * n, 250 + n, 80], [202 + 2 * n, 251 + n, 80], {
      radiusMm: 15,
      value: 1,
      flatAxis: 2,
    });
  assert.ok(encodeChange(mask.takeChange(), mask.grid).runs.length < 2000);
  paintCapsule(mask, [300, 300, 40], [340, 300, 40], { radiusMm: 15, value: 1, flatAxis: null });
  assert.ok(encodeChange(mask.takeChange(), mask.grid).runs.length < 20000);
});

test("outlines of one mask are never taken for those of another", () => {
  const [one, other] = [new EditMask([4, 4, 4], [1, 1, 1], null), new EditMask([4, 4, 4], [1, 1, 1], null)];
  assert.notEqual(one.stampOf("axial"), other.stampOf("axial"));
  const before = one.stampOf("axial");
  one.touch("axial");
  assert.notEqual(one.stampOf("axial"), before);
  assert.notEqual(one.stampOf("axial"), other.stampOf("axial"));
});
