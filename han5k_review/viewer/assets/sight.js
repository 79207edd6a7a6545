// @ts-check
// Was the chosen structure on the screen long enough to be judged? A key that bounces, or is pressed
// before the picture is there, grades nothing.

import { isPairThere } from "./choice.js";

/** @import { Stage } from "./draw/stage.js" */
/** @import { Reading } from "./reading.js" */

const IN_SIGHT_MS = 250;

/**
 * The structure that is in the picture; null while its slice or its contour is still on the way. Where
 * a slice stays damaged, that is all there is to see.
 * @param {Reading} reading
 * @param {Stage} stage
 */
function inPicture(reading, stage) {
  const { volume, state } = reading;
  if (!isPairThere(reading) || !volume || state.pendingCentre || !stage.main.camera) return null;
  const isComing = ["missing", "loading", "failed"].includes(volume.slabAt(state.cursor[2]).state);
  return isComing ? null : state.selected;
}

export class Sight {
  /** @param {(name: string) => void} told hears when a structure may be graded, "" when none */
  constructor(told) {
    this.told = told;
    /** @type {string | null} the structure that is drawn */
    this.name = null;
    /** @type {string | null} the structure that was drawn long enough */
    this.seen = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /**
   * The picture was drawn.
   * @param {Reading} reading
   * @param {Stage} stage
   */
  drawn(reading, stage) {
    const name = inPicture(reading, stage);
    if (name === this.name) return;
    clearTimeout(this.timer);
    this.name = name;
    this.seen = null;
    if (name === null) return;
    // The timer decides, for what is told and for what may be graded: by the clock it can be early.
    this.timer = setTimeout(() => {
      this.seen = name;
      this.told(name);
    }, IN_SIGHT_MS);
  }

  /** It was graded, or another one is chosen: what comes next must be seen first. */
  look() {
    clearTimeout(this.timer);
    this.name = null;
    this.seen = null;
    this.told("");
  }

  /** @param {string} name */
  mayGrade(name) {
    return name === this.seen;
  }

  close() {
    clearTimeout(this.timer);
  }
}
