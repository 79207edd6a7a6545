// @ts-check
// What an edit does to the dose of the structure in hand, on the dose as it is: the worker is told of every
// step, and says mean and near maximum.

/** @import { DoseShown } from "../dose_shown.js" */
/** @import { Reading } from "../reading.js" */
/** @import { Change } from "./changes.js" */
/** @import { DoseAnswer, DoseQuestion } from "./dose_worker.js" */
/** @import { EditMask } from "./edit_mask.js" */

export class DoseEffect {
  /**
   * `tell()` when the numbers changed.
   * @param {Reading} reading
   * @param {DoseShown} dose
   * @param {() => void} tell
   */
  constructor(reading, dose, tell) {
    this.reading = reading;
    this.dose = dose;
    this.tell = tell;
    /** @type {EditMask | null} the contour that the worker has */
    this.mask = null;
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {DoseAnswer | null} */
    this.answer = null;
    this.trouble = "";
    /** @param {Change} change */
    this.hear = (change) => this.ask({ change });
    dose.file.closing.signal.addEventListener("abort", () => this.end());
  }

  /**
   * The contour in hand, or none: of another one than before the worker begins anew.
   * @param {EditMask | null} mask
   */
  follow(mask) {
    if (mask === this.mask) return;
    this.end();
    const { file } = this.dose;
    if (!mask) return;
    file.open();
    // In the middle of a stroke its voxels would count twice: after it.
    if (file.grid && this.reading.volume && !mask.flips) this.begin(mask);
  }

  /** @param {EditMask} mask */
  begin(mask) {
    const { grid } = this.dose.file;
    const { volume } = this.reading;
    if (!grid || !volume) return;
    const { shape, spacing, affine } = volume;
    this.mask = mask;
    this.worker = new Worker(new URL("./dose_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.take(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.trouble = `The dose of the contour could not be counted: ${event.message || "unknown"}`;
      this.tell();
    };
    mask.listeners.add(this.hear);
    const cells = { start: mask.start, shape: mask.shape, cells: mask.cells };
    this.ask({ dose: grid, ct: { shape, spacing, affine }, begin: cells });
  }

  /** @param {Omit<DoseQuestion, "voxels">} question */
  ask(question) {
    if (this.mask) this.worker?.postMessage({ ...question, voxels: this.mask.voxels });
  }

  /** @param {DoseAnswer} answer */
  take(answer) {
    const { mask } = this;
    if (answer.isSame) this.answer = answer;
    else this.end();
    if (!answer.isSame && mask) this.follow(mask);
    this.tell();
  }

  end() {
    this.mask?.listeners.delete(this.hear);
    this.worker?.terminate();
    this.mask = this.worker = this.answer = null;
    this.trouble = "";
  }
}
