// Warns while a contour is drawn, a moment after each step so that no stroke waits for it. Never blocks.

import { piecesOf, warningsOf } from "./rules.js";

const AFTER_MS = 150;

export class Advisor {
  /** `tell()` when the sentences changed. */
  constructor(reading, tell) {
    Object.assign(this, { reading, tell, sentences: [], timer: null, startPieces: null });
  }

  /** A contour has been taken in hand. */
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
    if (!this.mask) return;
    const { reading } = this;
    const found = warningsOf(
      this.mask,
      this.structure,
      (name) => reading.masksOf(reading.reviewed)?.get(name),
      this.startPieces,
    );
    if (found.join() === this.sentences.join()) return;
    this.sentences = found;
    this.tell();
  }

  end() {
    clearTimeout(this.timer);
    Object.assign(this, { mask: null, sentences: [] });
  }
}
