// @ts-check
// Voxels per axial slice of the structures of one reading, counted once per mask.

import { areaProfile, differenceProfile } from "./pure/masks.js";

/** @import { Mask } from "./pure/masks.js" */
/** @import { Reading } from "./reading.js" */

export class Profiles {
  /** @param {Reading} reading */
  constructor(reading) {
    this.reading = reading;
    /** @type {Map<string, Uint32Array>} */
    this.known = new Map();
  }

  /**
   * Voxels of the structure on each slice; null while its label set is on its way.
   * @returns {Uint32Array | null}
   */
  area(name = this.reading.state.selected, key = this.reading.reviewed) {
    const { reading } = this;
    return this.remember(`area|${key}|${name}`, key, () =>
      areaProfile(reading.mask(name, key), reading.volume.shape),
    );
  }

  /**
   * Voxels that only one of the two compared masks holds on each slice; null when none is compared.
   * @returns {Uint32Array | null}
   */
  difference(name = this.reading.state.selected) {
    const { reading } = this;
    const { compare } = reading.state;
    if (!compare || !reading.masksOf(compare)?.has(name)) return null;
    return this.remember(`difference|${compare}|${name}`, compare, () =>
      differenceProfile(reading.mask(name), reading.mask(name, compare), reading.volume.shape),
    );
  }

  /**
   * @param {string} key
   * @param {string} set
   * @param {() => Uint32Array} build
   */
  remember(key, set, build) {
    const { reading, known } = this;
    if (!reading.volume || !reading.masksOf(set)) return null;
    if (reading.draft?.name === reading.state.selected) return build();
    if (!known.has(key)) known.set(key, build());
    return known.get(key) ?? null;
  }

  /** Masks have changed: count again. */
  forget() {
    this.known.clear();
  }
}
