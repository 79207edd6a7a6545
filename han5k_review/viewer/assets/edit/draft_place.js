// @ts-check
// Where a draft was left, and the way back to it: plane, slice and zoom.

import { voxelToPlane } from "../pure/geometry.js";

/** @import { Reading } from "../reading.js" */
/** @import { DraftPlace } from "./drafts.js" */
/** @import { Editor } from "./editor.js" */

/**
 * Where the reader draws; where they last drew, when another structure is chosen already.
 * @param {Editor} editor
 * @returns {DraftPlace | null}
 */
export function placeOf({ reading, session }) {
  const { main, cursor, selected } = reading.state;
  if (selected !== session.name) return session.place;
  const field = reading.cameras.of(main)?.field;
  return { plane: main, at: cursor, ...(field === undefined ? {} : { field }) };
}

/**
 * @param {Reading} reading
 * @param {DraftPlace} place
 */
export function returnTo(reading, { plane, at, field }) {
  const { volume } = reading;
  if (!volume) return;
  if (plane !== reading.state.main) reading.change({ main: plane }, "layout");
  reading.moveTo(at);
  const middle = voxelToPlane(plane, at, volume.shape, volume.spacing);
  reading.setCamera(plane, field === undefined ? null : { ...middle, field });
}
