import assert from "node:assert/strict";
import test from "node:test";
import { EditMask } from "../../../han5k_review/viewer/assets/edit/edit_mask.js";
import { decodeChange, encodeChange } from "../../../han5k_review/viewer/assets/edit/patches.js";
import { PromptStroke } from "../../../han5k_review/viewer/assets/edit/prompt_strokes.js";

const GRID = [40, 36, 20];
const SPACING = [1, 1.5, 3];
const stroke = (kind, points, include = true) => {
  const drawn = new PromptStroke(new EditMask(GRID, SPACING, null), "axial", 7, { kind, include });
  for (const point of points) drawn.add(point);
  return drawn;
};
const pointsOf = (kind, points) => stroke(kind, points).build().points;

test("a point is where the press was, though the hand slips", () => {
  assert.deepEqual(
    stroke(
      "point",
      [
        [3.4, 5.6, 7],
        [9, 9, 7],
      ],
      false,
    ).build(),
    {
      kind: "point",
      include: false,
      points: [[3, 6, 7]],
    },
  );
});

test("what lies beside the CT is not asked, and an area ends at its border", () => {
  assert.match(stroke("point", [[-0.6, 3, 7]]).build(), /lies on the CT/);
  assert.deepEqual(
    pointsOf("scribble", [
      [-2, 3, 7],
      [0.2, 3, 7],
      [1, 3, 7],
    ]),
    [
      [0, 3, 7],
      [1, 3, 7],
    ],
  );
  assert.deepEqual(
    pointsOf("box", [
      [-5, 30, 7],
      [60, 90, 7],
    ]),
    [
      [0, 30, 7],
      [39, 35, 7],
    ],
  );
});

test("a box of one voxel and a lasso round nothing say what to do", () => {
  assert.match(
    stroke("box", [
      [3, 3, 7],
      [3.2, 3.1, 7],
    ]).build(),
    /corner to corner/,
  );
  assert.match(
    stroke("lasso", [
      [3, 3, 7],
      [3.1, 3, 7],
      [9, 3, 7],
    ]).build(),
    /longer line/,
  );
});

test("of a long line 500 voxels are sent, its ends among them", () => {
  const line = Array.from({ length: 1200 }, (_, n) => [n % 40, Math.floor(n / 40), 7]);
  const points = pointsOf("scribble", line);
  assert.equal(points.length, 500);
  assert.deepEqual([points[0], points[499]], [line[0], line[1199]]);
});

test("what is shown of a box and a lasso is what they enclose", () => {
  const box = stroke("box", [
    [8, 4, 7],
    [3, 6, 7],
  ]);
  assert.equal(box.mark(box.build()).voxels, 6 * 3);
  const lasso = stroke("lasso", [
    [2, 2, 7],
    [8, 2, 7],
    [8, 6, 7],
    [2, 6, 7],
  ]);
  assert.equal(lasso.mark(lasso.build()).voxels, 6 * 4); // a corner's line counts on its lower sides
});

test("a change comes back from the wire as it went, over the ends of rows and slices", () => {
  for (const width of [3, 40]) {
    const cells = [];
    for (let k = 2; k < 5; k++)
      for (let j = 5; j < 9; j++)
        for (let i = 0; i < width; i++) if ((i * 7 + j * 3 + k) % 5) cells.push([i, j, k]);
    const mask = new EditMask(GRID, SPACING, null);
    mask.ensure([0, 5, 2], [40, 9, 5]);
    for (const [i, j, k] of cells) mask.paint(i, j, k, 1);
    const again = new EditMask(GRID, SPACING, null);
    again.applyChange(decodeChange(encodeChange(mask.takeChange(), GRID), GRID));
    assert.equal(again.voxels, cells.length);
    assert.ok(cells.every(([i, j, k]) => again.holds(i, j, k)));
  }
});
