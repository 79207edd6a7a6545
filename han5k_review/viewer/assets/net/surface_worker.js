// @ts-check
// A worker of its own for surface distances: a brain takes seconds, the picture must not wait.

import { largestSurfaceError } from "../pure/surface.js";

globalThis.onmessage = ({ data }) => {
  globalThis.postMessage(largestSurfaceError(data.one, data.other, data.spacing));
};
