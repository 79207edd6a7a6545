// @ts-check
// Warns while a contour is drawn, a moment after each step so that no stroke waits for it. Never blocks.

import { piecesOf, warningsOf } from "./rules.js";

/** @import { ViewerStructure } from "../pure/payload.js" */
/** @import { Reading } from "../reading.js" */
/** @import { EditMask } from "./edit_mask.js" */

const AFTER_MS = 150;

export class Advisor {
  /**
   * `tell()` when the sentences changed.
   * @param {Reading} reading
   * @param {() => void} tell
   */
  constructor(reading, tell) {
    this.reading = reading;
    this.tell = tell;
    /** @type {string[]} */
    this.sentences = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** @type {EditMask | null} */
    this.mask = null;
    /** @type {ViewerStructure | undefined} */
    this.structure = undefined;
    /** @type {number | null} */
    this.startPieces = null;
  }

  /**
   * A contour has been taken in hand.
   * @param {EditMask} mask
   * @param {string} name
   */
  begin(mask, name) {
    this.mask = mask;
    this.structure = this.reading.byName.get(name);
    this.startPieces = piecesOf(mask, 2);
    this.look();
  }

  /** A step was done; of several soon after each other only the last is looked at. */
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), AFTER_MS);
  }

  look() {
    if (!this.mask || !this.structure) return;
    const { reading } = this;
    const found = warningsOf(
      reading.data.rules,
      this.mask,
      this.structure,
      (/** @type {string} */ name) => reading.masksOf(reading.reviewed)?.get(name),
      this.startPieces,
    );
    if (found.join() === this.sentences.join()) return;
    this.sentences = found;
    this.tell();
  }

  end() {
    clearTimeout(this.timer);
    this.mask = null;
    this.sentences = [];
  }
}
