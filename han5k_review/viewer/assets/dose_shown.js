// @ts-check
// The planned dose as this reading shows it: off at first, its levels, its picture of a slice, its words.

import { DosePaths } from "./draw/dose_layers.js";
import { Dose } from "./net/dose.js";
import { doseAt } from "./pure/dose_grid.js";
import { buildLevels, DOSE_UNITS, readLevels } from "./pure/isodose.js";

/** @import { DosePicture } from "./draw/dose_layers.js" */
/** @import { PlaneName, Triple } from "./pure/geometry.js" */
/** @import { DoseUnit, Level } from "./pure/isodose.js" */
/** @import { ReadingState } from "./reading_state.js" */
/** @import { Reading } from "./reading.js" */

/** @type {Record<DoseUnit, "doseGy" | "dosePrescription" | "doseMaximum">} */
export const LEVELS_OF = { gy: "doseGy", prescription: "dosePrescription", maximum: "doseMaximum" };

export class DoseShown {
  /**
   * @param {Reading} reading
   * @param {string} url
   */
  constructor(reading, url) {
    this.reading = reading;
    this.file = new Dose(url, () => reading.change({}, "layers", "edit"));
    /** @type {number | null} Gray that a person gave for this case; else that of the dose file */
    this.given = null;
    /** @type {DosePaths | null} */
    this.paths = null;
    this.drawn = "";
    /** @type {Level[]} */
    this.levels = [];
  }

  toggle() {
    this.show({ dose: !this.reading.state.dose });
    if (this.reading.state.dose) this.file.open();
  }

  /** @param {Partial<ReadingState>} patch */
  show(patch) {
    this.reading.change(patch, "layers", "preferences");
  }

  /** @returns {DoseUnit} */
  get unit() {
    const { doseUnit } = this.reading.state;
    return doseUnit in DOSE_UNITS ? /** @type {DoseUnit} */ (doseUnit) : "gy";
  }

  get prescription() {
    return this.given ?? this.file.index?.prescription_gy ?? null;
  }

  /** Levels, highest first; none while the dose that the per cent are of is not known. */
  listLevels() {
    const { unit, reading, file } = this;
    const whole = unit === "maximum" ? (file.index?.maximum_gy ?? null) : this.prescription;
    const text = reading.state[LEVELS_OF[unit]];
    const key = `${unit}|${whole}|${text}|${reading.state.colourBlind}`;
    if (key === this.drawn) return this.levels;
    const read = readLevels(text, unit);
    const numbers = "numbers" in read ? read.numbers : [];
    this.levels = buildLevels(numbers, unit, whole, reading.state.colourBlind);
    this.paths?.forget();
    this.drawn = key;
    return this.levels;
  }

  /**
   * What is drawn on a slice; null where nothing is.
   * @param {PlaneName} plane
   * @param {number} index
   * @returns {DosePicture | null}
   */
  picture(plane, index) {
    const { reading, file } = this;
    const { dose, doseLines: lines, doseWash: wash, doseOpacity: opacity } = reading.state;
    if (!dose || !file.grid || !reading.volume) return null;
    this.paths ??= new DosePaths(reading.volume, file.grid);
    return { layers: this.paths.of(plane, index, this.listLevels()), lines, wash, opacity };
  }

  /**
   * `12.34 Gy` at a voxel of the CT, where the dose is shown.
   * @param {Triple | null} ijk
   */
  sayAt(ijk) {
    const { reading, file } = this;
    if (!ijk || !reading.state.dose || !file.grid || !reading.volume) return "";
    const gy = doseAt(file.grid, reading.volume, ijk);
    return gy === null ? "no dose known   " : `${gy.toFixed(2)} Gy   `;
  }

  /** Why nothing is drawn though the dose is on; empty where it is. */
  get trouble() {
    const { file, unit } = this;
    if (file.trouble) return `No dose is shown. ${file.trouble}`;
    if (!file.grid) return "Loading the dose ...";
    if (unit === "prescription" && this.prescription === null)
      return "The prescription is not known: give it in Gy, or choose another unit.";
    return "";
  }

  close() {
    this.file.close();
  }
}
