// @ts-check
// What the smart tools are given: boxes of the CT and of the contour, cut out without holding up the
// picture.

import { PLANES } from "../pure/geometry.js";
import { LOOK_MM } from "../pure/seed_growth.js";
import { valueAt } from "../pure/slabs.js";
import { FIT_MM } from "../pure/slice_following.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Box } from "./changes.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { SmartTools } from "./smart.js" */
/** @typedef {{ axis: number, index: number }} Slice one slice of the grid */
/** @typedef {{ box: Box, job: unknown, plane?: PlaneName }} Job `plane`: the answer is a proposal for its slices */

/** The main thread gives way after so long. */
const PIECE_MS = 6;
/** More voxels than this are not taken in one go. */
const MOST_VOXELS = 12_000_000;

export const SAY = {
  forbidden: "The protocol of this study allows no assistance while drawing.",
  loading: "The CT is still loading: try again when it is there.",
  large: "This part is too large for a smart tool: choose one slice (Whole off).",
  empty: "There is no contour here.",
  seeds:
    "First draw a seed on this slice: Seed + on tissue that is missing, Seed − on tissue that is too much.",
  seedsAnywhere: "First draw a seed: Seed + on tissue that is missing, Seed − on tissue that is too much.",
  nothing: "Nothing changed here.",
  follow: "There is nothing to carry on: draw on this slice first.",
};

const rest = () => new Promise((resolve) => setTimeout(resolve));

/**
 * A box with `mm` more on each side, and room for the bell; of one slice only across it. Null when it is
 * too large.
 * @param {EditMask} mask
 * @param {Box} box
 * @param {number} mm
 * @param {Slice | null} slice
 * @returns {Box | null}
 */
function roomFor(mask, { low, high }, mm, slice) {
  const extra = mask.spacing.map((step) => 3 + Math.ceil((mm + 3 * LOOK_MM) / step));
  const room = {
    low: low.map((l, axis) => Math.max(0, l - extra[axis])),
    high: high.map((e, axis) => Math.min(mask.grid[axis], e + extra[axis])),
  };
  if (slice) {
    room.low[slice.axis] = slice.index;
    room.high[slice.axis] = slice.index + 1;
  }
  return sizeOf(room).reduce((all, n) => all * n, 1) > MOST_VOXELS ? null : room;
}

/** @param {Box} box */
export const sizeOf = ({ low, high }) => high.map((end, axis) => end - low[axis]);

/**
 * The HU of a box, i fastest; null where a part of it is not loaded.
 * @param {Volume} volume
 * @param {Box} box
 */
async function readHu(volume, { low, high }) {
  const [ni, nj] = volume.shape;
  const size = sizeOf({ low, high });
  const hu = new Int16Array(size[0] * size[1] * size[2]);
  let began = performance.now();
  for (let k = low[2], n = 0; k < high[2]; k++) {
    const { bytes, first } = volume.slabAt(k);
    if (!bytes) return null;
    for (let j = low[1]; j < high[1]; j++) {
      const row = ((k - first) * nj + j) * ni;
      for (let i = low[0]; i < high[0]; i++) hu[n++] = valueAt(bytes, row + i);
    }
    if (performance.now() - began < PIECE_MS) continue;
    await rest();
    began = performance.now();
  }
  return hu;
}

/**
 * The slices of a box from `index` on, `count` of them one `step` after the other, as far as the grid
 * goes.
 * @param {EditMask} mask
 * @param {Volume} volume
 * @param {Box} box
 * @param {{ plane: PlaneName, index: number, step: number, count: number, reachMm: number }} way
 */
async function buildFollowJob(mask, volume, box, { plane, index, step, count, reachMm }) {
  const { through } = PLANES[plane];
  /** @type {(at: number) => Box} */
  const sliceAt = (at) => ({
    low: box.low.map((l, axis) => (axis === through ? at : l)),
    high: box.high.map((e, axis) => (axis === through ? at + 1 : e)),
  });
  const hu = [];
  const cells = [];
  for (let n = 0; n <= count; n++) {
    const at = index + n * step;
    if (at < 0 || at >= mask.grid[through]) break;
    const { low, high } = sliceAt(at);
    const values = await readHu(volume, { low, high });
    if (!values) return null;
    hu.push(values);
    cells.push(mask.extract(low, high));
  }
  const { low, high } = sliceAt(index);
  return {
    ...{ hu, cells, before: mask.extract(low, high, 2), size: sizeOf({ low, high }), reachMm },
    ...{ spacing: mask.spacing, stepMm: mask.spacing[through] },
  };
}

/**
 * @param {EditMask} mask
 * @param {Box} box
 */
function cut(mask, { low, high }) {
  return { cells: mask.extract(low, high), size: sizeOf({ low, high }), spacing: mask.spacing };
}

/**
 * A job on the CT in a box with `mm` around it; a sentence where it cannot be.
 * @param {SmartTools} smart
 * @param {EditMask} mask
 * @param {Volume} volume
 * @param {Box} around
 */
async function prepareOnCt({ where, editor }, mask, volume, around) {
  const box = roomFor(mask, around, editor.options.reachMm, where);
  if (!box) return SAY.large;
  const hu = await readHu(volume, box);
  await rest();
  return hu ? { box, job: { ...cut(mask, box), hu } } : SAY.loading;
}

/**
 * @param {SmartTools} smart
 * @param {EditMask} mask
 * @param {Volume} volume
 */
export async function prepareGrowth(smart, mask, volume) {
  const { seeds } = smart.marks;
  const { reachMm } = smart.editor.options;
  const around = seeds?.bounds(smart.where);
  if (!seeds || !around) return smart.where ? SAY.seeds : SAY.seedsAnywhere;
  const ready = await prepareOnCt(smart, mask, volume, around);
  if (typeof ready === "string") return ready;
  const { low, high } = ready.box;
  await rest();
  return { ...ready, job: { ...ready.job, seeds: seeds.extract(low, high), reachMm } };
}

/**
 * @param {SmartTools} smart
 * @param {EditMask} mask
 * @param {Volume} volume
 */
export async function prepareSnap(smart, mask, volume) {
  const drawn = mask.bounds();
  if (!drawn) return SAY.empty;
  const ready = await prepareOnCt(smart, mask, volume, drawn);
  if (typeof ready === "string") return ready;
  return { ...ready, job: { ...ready.job, mm: smart.editor.options.reachMm } };
}

/**
 * @param {SmartTools} smart
 * @param {EditMask} mask
 */
export async function prepareSmoothing({ editor }, mask) {
  const { mm } = editor.options;
  const drawn = mask.bounds();
  const box = drawn && roomFor(mask, drawn, 3 * mm, null);
  if (!box) return drawn ? SAY.large : SAY.empty;
  return { box, job: { ...cut(mask, box), mm } };
}

/**
 * Both sides of the slice, each as far as the reach goes or as the next slice that was drawn by hand.
 * @param {SmartTools} smart
 * @param {EditMask} mask
 * @param {Volume} volume
 */
export async function prepareFollowing({ editor, slice }, mask, volume) {
  const { reachMm } = editor.options;
  const plane = editor.reading.state.main;
  const drawn = mask.bounds(3);
  const box = drawn && roomFor(mask, drawn, 2 * FIT_MM, null);
  if (!box) return drawn ? SAY.large : SAY.empty;
  const most = Math.max(1, Math.floor(reachMm / mask.spacing[slice.axis] + 1e-9));
  const byHand = editor.drawn[plane];
  const sides = [];
  for (const step of [1, -1]) {
    let count = 0;
    while (count < most && !byHand.has(slice.index + (count + 1) * step)) count++;
    const side = await buildFollowJob(mask, volume, box, { plane, index: slice.index, step, count, reachMm });
    if (!side) return SAY.loading;
    sides.push(side);
  }
  return { box, job: sides, plane };
}
