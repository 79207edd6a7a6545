// @ts-check
// Which axial slices were on the screen while a structure was chosen, or shown.

import { planeToScreen } from "./pure/cameras.js";
import { isEmpty } from "./pure/masks.js";

/** @import { PlaneView } from "./draw/plane_view.js" */
/** @import { Stage } from "./draw/stage.js" */
/** @import { Mask } from "./pure/masks.js" */
/** @import { Reading } from "./reading.js" */

export class SeenSlices {
  /** @param {number} count slices of the CT */
  constructor(count) {
    this.count = count;
    this.version = 0;
    /** @type {Map<string, Uint8Array>} */
    this.slices = new Map();
  }

  /**
   * 1 for each slice that was seen; undefined when none was.
   * @param {string | null} name
   */
  of(name) {
    return name === null ? undefined : this.slices.get(name);
  }

  /**
   * @param {string} name
   * @param {number} k
   */
  mark(name, k) {
    const seen = this.slices.get(name) ?? new Uint8Array(this.count);
    this.slices.set(name, seen);
    if (!seen[k]) this.version++;
    seen[k] = 1;
  }
}

/**
 * The axial slice that was just drawn is marked for every structure whose outline was shown, all of it in the
 * picture.
 * @param {Reading} reading
 * @param {Stage} stage
 */
export function markScrolled(reading, stage) {
  const view = stage.views.find(({ plane, visible, side }) => {
    return plane === "axial" && visible && side !== "compared";
  });
  if (!view || !reading.volume?.slabAt(view.index).bytes) return;
  for (const { name } of reading.structures) {
    if (reading.isShown(name) && isInPicture(reading.mask(name), view))
      reading.scrolled.mark(name, view.index);
  }
}

/**
 * Does the whole box of a mask lie in an axial view?
 * @param {Mask | null} mask
 * @param {PlaneView} view
 */
function isInPicture(mask, { camera, size, width, height }) {
  if (!camera || isEmpty(mask)) return false;
  const [u, v] = [mask.start[0] * size.columnMm, mask.start[1] * size.rowMm];
  const first = planeToScreen(camera, u, v, width, height);
  const last = planeToScreen(
    camera,
    u + mask.shape[0] * size.columnMm,
    v + mask.shape[1] * size.rowMm,
    width,
    height,
  );
  return first.x >= -1 && first.y >= -1 && last.x <= width + 1 && last.y <= height + 1;
}

/**
 * Was every axial slice of the structure on the screen while its outline was shown?
 * @param {Reading} reading
 * @param {string} name
 */
export function wasScrolledThrough(reading, name) {
  const seen = reading.scrolled.of(name);
  const area = reading.profiles.area(name);
  return Boolean(seen && area?.some((count) => count > 0) && area.every((count, k) => !count || seen[k]));
}
