// @ts-check
// Edit bands in a thread of their own: the picture never waits for them.

import { buildBand } from "../pure/edit_band.js";

globalThis.onmessage = ({ data: { mask, grid, spacing, mm, number } }) => {
  globalThis.postMessage({ band: buildBand(mask, grid, spacing, mm), number });
};
