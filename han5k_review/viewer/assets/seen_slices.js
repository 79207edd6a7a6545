// @ts-check
// Which axial slices were on the screen while a structure was chosen.

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
