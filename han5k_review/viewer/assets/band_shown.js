// @ts-check
// The edit band as this reading shows it: around the contour under review of the chosen structure, as wide
// as accepted revisions ended from theirs; and the slices on which the contour in hand, or the one that is
// compared, ends beyond it.

import { beyondProfile, countStep } from "./pure/edit_band.js";
import { isEmpty } from "./pure/masks.js";

/** @import { BandPicture } from "./draw/band_layer.js" */
/** @import { Change } from "./edit/changes.js" */
/** @import { EditMask } from "./edit/edit_mask.js" */
/** @import { PlaneName } from "./pure/geometry.js" */
/** @import { Band } from "./pure/edit_band.js" */
/** @import { Mask, WireMask } from "./pure/masks.js" */
/** @import { Reading } from "./reading.js" */

export class BandShown {
  /** @param {Reading} reading */
  constructor(reading) {
    this.reading = reading;
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {WireMask | null} the contour that the band is of, or will be */
    this.origin = null;
    this.asked = 0;
    /** @type {Band | null | undefined} null: too large; undefined: on its way */
    this.band = undefined;
    /** @type {Mask | EditMask | null} the contour whose voxels beyond are counted */
    this.other = null;
    /** @type {Uint32Array | null} voxels beyond the band on each slice */
    this.beyond = null;
    /** @param {Change} change */
    this.hear = (change) => this.count(change);
  }

  toggle() {
    this.reading.change({ band: !this.reading.state.band }, "layers", "preferences");
  }

  /** What is known of the chosen structure; null where there is no band. */
  get known() {
    return this.reading.data.bands[this.reading.state.selected ?? ""] ?? null;
  }

  /** Keeps up with what is chosen, in hand and compared. */
  follow() {
    const { reading, known } = this;
    const { selected, band } = reading.state;
    const masks = reading.masksOf(reading.reviewed);
    const origin = (band && known && selected !== null && masks?.get(selected)) || null;
    if (origin !== this.origin) this.ask(origin);
    const { draft, state } = reading;
    const inHand = draft !== null && draft.name === selected ? draft.mask : null;
    const compared = state.compare === null ? null : reading.mask(selected, state.compare);
    this.compare(this.band ? (inHand ?? compared) : null);
  }

  /** @param {WireMask | null} origin */
  ask(origin) {
    const { volume } = this.reading;
    this.origin = origin;
    this.band = undefined;
    if (!origin || isEmpty(origin) || !volume || !this.known) return;
    const { start, shape, bits } = origin;
    this.warm().postMessage({
      mask: { start, shape, bits: bits.slice() },
      ...{ grid: volume.shape, spacing: volume.spacing, mm: this.known.margin_mm, number: ++this.asked },
    });
  }

  warm() {
    if (this.worker) return this.worker;
    this.worker = new Worker(new URL("./net/band_worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data: { band, number } }) => {
      if (number !== this.asked || !this.origin) return;
      this.band = /** @type {Band | null} */ (band);
      this.reading.outlines?.forget("band");
      this.reading.change({}, "layers");
    };
    return this.worker;
  }

  /** @param {Mask | EditMask | null} other */
  compare(other) {
    if (other === this.other) return;
    if (this.other && "listeners" in this.other) this.other.listeners.delete(this.hear);
    this.other = other;
    const { volume } = this.reading;
    this.beyond = other && volume ? new Uint32Array(volume.shape[2]) : null;
    if (other && "listeners" in other) {
      this.count(other.difference());
      other.listeners.add(this.hear);
    } else if (other && this.band && volume) this.beyond = beyondProfile(other, this.band, volume.shape);
    this.reading.change({}, "layers");
  }

  /**
   * A step of the contour in hand: only the voxels that it changed.
   * @param {Change} runs
   */
  count(runs) {
    const { band, beyond, other, reading } = this;
    if (band && beyond && other && "listeners" in other && reading.volume)
      countStep(band, other, runs, reading.volume.shape, beyond);
  }

  /** Slices (k) on which the contour in hand, or the compared one, ends beyond the band. */
  get mustLook() {
    return [...(this.beyond?.entries() ?? [])].filter(([, count]) => count > 0).map(([k]) => k);
  }

  /**
   * What is drawn on a slice; null where nothing is.
   * @param {PlaneName} plane
   * @param {number} index
   * @returns {BandPicture | null}
   */
  picture(plane, index) {
    const { band, reading } = this;
    const { selected, band: isOn } = reading.state;
    if (!isOn || !band || !reading.outlines || !selected || !reading.isShown(selected)) return null;
    const path = (/** @type {"outer" | "inner"} */ side) =>
      reading.outlines?.path("band", side, band[side], plane, index) ?? null;
    return { outer: path("outer"), inner: path("inner") };
  }

  close() {
    this.worker?.terminate();
    this.worker = null;
  }
}
