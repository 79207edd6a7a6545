// @ts-check
// The smart tools in a thread of their own: the picture never waits for them.

import { snapToEdge } from "../pure/edge_snapping.js";
import { growFromSeeds } from "../pure/seed_growth.js";
import { followSlices } from "../pure/slice_following.js";
import { smoothKeepingVolume } from "../pure/volume_smoothing.js";

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

globalThis.onmessage = ({ data: { tool, job } }) => {
  const answer = TOOLS[/** @type {SmartTool} */ (tool)](job, (share) => globalThis.postMessage({ share }));
  globalThis.postMessage({ answer });
};
