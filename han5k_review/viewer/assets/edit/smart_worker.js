// @ts-check
// The smart tools in a thread of their own: the picture never waits for them.

import { snapToEdge } from "../pure/edge_snapping.js";
import { growFromSeeds } from "../pure/seed_growth.js";
import { followSlices } from "../pure/slice_following.js";
import { smoothKeepingVolume } from "../pure/volume_smoothing.js";

/** @import { Triple } from "../pure/geometry.js" */
/** @import { Change } from "./changes.js" */
/** @import { FollowJob } from "../pure/slice_following.js" */
/** @typedef {"smart-grow" | "smart-snap" | "smart-follow" | "smart-smooth"} SmartTool as the journal names it */

/** @type {Record<SmartTool, (job: any, tell: (share: number) => void) => unknown>} */
const TOOLS = {
  "smart-grow": growFromSeeds,
  "smart-snap": snapToEdge,
  "smart-smooth": smoothKeepingVolume,
  "smart-follow": (/** @type {FollowJob[]} */ sides, tell) =>
    sides.map((side, n) => followSlices(side, (share) => tell((n + share) / sides.length))),
};

globalThis.onmessage = ({ data: { tool, job, place } }) => {
  const answer = TOOLS[/** @type {SmartTool} */ (tool)](job, (share) => globalThis.postMessage({ share }));
  // Of one contour only what changed goes back: the picture's thread has then little to do.
  globalThis.postMessage({
    answer: answer instanceof Uint8Array ? changeOf(job, answer, place) : answer,
  });
};

/**
 * What differs, as runs of voxels of the whole grid (edit/changes.js).
 * @param {{ cells: Uint8Array, size: Triple }} job
 * @param {Uint8Array} answer
 * @param {{ low: Triple, grid: Triple }} place of the box
 * @returns {Change | null}
 */
function changeOf({ cells, size }, answer, { low, grid }) {
  /** @type {number[]} */
  const runs = [];
  for (let k = 0, n = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++) {
      const row = ((low[2] + k) * grid[1] + low[1] + j) * grid[0] + low[0];
      let isRun = false;
      for (let i = 0; i < size[0]; i++, n++) {
        const isChanged = cells[n] !== answer[n];
        if (isChanged && isRun) runs[runs.length - 1]++;
        else if (isChanged) runs.push(row + i, 1);
        isRun = isChanged;
      }
    }
  }
  return runs.length ? Int32Array.from(runs) : null;
}
