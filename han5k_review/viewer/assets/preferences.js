// @ts-check
// How a reader likes the picture, kept in the browser between cases and visits.

import { DOSE_UNITS } from "./pure/isodose.js";

/** @import { PlaneName } from "./pure/geometry.js" */
/** @typedef {typeof DEFAULTS} Preferences */

const KEY = "han5k-review.preferences";
const DEFAULTS = {
  fill: false,
  opacity: 0.35,
  thickness: 1.5,
  outlines: true,
  dimmed: false,
  band: false,
  colourBlind: false,
  autoZoom: true,
  layout: "three",
  main: /** @type {PlaneName} */ ("axial"),
  crosshair: true,
  doseLines: true,
  doseWash: true,
  doseOpacity: 0.25,
  doseUnit: "gy",
  doseGy: DOSE_UNITS.gy.levels,
  dosePrescription: DOSE_UNITS.prescription.levels,
  doseMaximum: DOSE_UNITS.maximum.levels,
  order: "list",
};

const NAMES = /** @type {(keyof typeof DEFAULTS)[]} */ (Object.keys(DEFAULTS));

/** The browser's store, or null where it is forbidden. */
export function browserStore() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/** @returns {Preferences} */
export function preferences() {
  try {
    const stored = JSON.parse(browserStore()?.getItem(KEY) ?? "{}");
    const known = NAMES.filter((name) => typeof stored[name] === typeof DEFAULTS[name]);
    return { ...DEFAULTS, ...Object.fromEntries(known.map((name) => [name, stored[name]])) };
  } catch {
    return { ...DEFAULTS };
  }
}

/** @param {Preferences} state */
export function storePreferences(state) {
  const kept = Object.fromEntries(NAMES.map((name) => [name, state[name]]));
  try {
    browserStore()?.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A full store costs the reader a preference, nothing else.
  }
}
