// @ts-check
// Voxels per axial slice of the structures of one reading, counted once per mask.

import { areaProfile, differenceProfile, extentOf } from "./pure/masks.js";

/** @import { Triple } from "./pure/geometry.js" */
/** @import { Reading } from "./reading.js" */

export class Profiles {
  /** @param {Reading} reading */
  constructor(reading) {
    this.reading = reading;
    /** @type {Map<string, Uint32Array>} */
    this.known = new Map();
  }

  /**
   * Voxels of the structure on each slice, of a forced choice those of both contours; null while its label
   * set is on its way.
   * @returns {Uint32Array | null}
   */
  area(name = this.reading.state.selected) {
    const { reviewed, data, state } = this.reading;
    const first = this.areaOf(name, reviewed);
    const second = data.choice ? this.areaOf(name, state.compare) : null;
    return first && second ? first.map((count, k) => count + second[k]) : first;
  }

  /**
   * @param {string | null} name
   * @param {string | null} key
   * @returns {Uint32Array | null}
   */
  areaOf(name, key) {
    const { reading } = this;
    return this.remember(`area|${key}|${name}`, key, (shape) => areaProfile(reading.mask(name, key), shape));
  }

  /**
   * Voxels that only one of the two compared masks holds on each slice; null when none is compared.
   * @returns {Uint32Array | null}
   */
  difference(name = this.reading.state.selected) {
    const { reading } = this;
    const { compare } = reading.state;
    if (!compare || !name || !reading.masksOf(compare)?.has(name)) return null;
    return this.remember(`difference|${compare}|${name}`, compare, (shape) =>
      differenceProfile(reading.mask(name), reading.mask(name, compare), shape),
    );
  }

  /** The chosen structure's first and last slice, or null. */
  extent() {
    const profile = this.area();
    return profile && extentOf(profile);
  }

  /**
   * @param {string} key
   * @param {string | null} set
   * @param {(shape: Triple) => Uint32Array} build
   */
  remember(key, set, build) {
    const { reading, known } = this;
    if (!reading.volume || !reading.masksOf(set)) return null;
    if (reading.draft?.name === reading.state.selected) return build(reading.volume.shape);
    const profile = known.get(key) ?? build(reading.volume.shape);
    known.set(key, profile);
    return profile;
  }

  /** Masks have changed: count again. */
  forget() {
    this.known.clear();
  }
}
