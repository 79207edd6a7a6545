// @ts-check
// The brush that takes only voxels whose HU are like those of the contour.

import { huLimit, huRange } from "./tools.js";

/** @import { Editor } from "./editor.js" */

/**
 * Limits the brush to the HU that the contour has now, or no longer.
 * @param {Editor} editor
 */
export function toggleHuLimit(editor) {
  const { options, mask } = editor;
  const { volume } = editor.reading;
  const huLimited = !options.huLimited;
  const found = huLimited && mask && volume ? huRange(mask, (i, j, k) => volume.hu(i, j, k)) : null;
  editor.set({ huLimited, hu: found ?? options.hu });
}

/**
 * Which voxels the brush may take; null when it may take all.
 * @param {Editor} editor
 */
export function allowedVoxels({ options, reading }) {
  return reading.volume && huLimit(options, reading.volume);
}
