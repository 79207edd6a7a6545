// @ts-check
// What a view is to draw for the present state of a reading.

import { paler } from "../pure/colours.js";
import { PLANES } from "../pure/geometry.js";
import { isEmpty } from "../pure/masks.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { LabelSet } from "../pure/payload.js" */
/** @import { PlaneName } from "../pure/geometry.js" */
/** @import { Reading } from "../reading.js" */
/** @import { Layer } from "./layers.js" */
/** @typedef {"both" | "reviewed" | "compared"} Side Which label sets a view shows. */
/** @typedef {ReturnType<typeof buildScene>} Scene */

const WHITE = "#ffffff";

/**
 * `side`: "both" shows the set under review with the compared one beside it, on every shown structure;
 * "reviewed" and "compared" show one set alone (side by side). `layers()` and `difference()` are built
 * only for a view that is drawn anew: most steps change one view of three.
 * @param {Reading} reading
 * @param {Volume} volume
 * @param {PlaneName} plane
 * @param {Side} side
 */
export function buildScene(reading, volume, plane, side = "both") {
  const { state, data } = reading;
  const index = state.cursor[PLANES[plane].through];
  const stamp =
    plane === "axial"
      ? `${reading.lutVersion}:${volume.slabAt(index).state}`
      : `${reading.lutVersion}:${volume.progress().ready}:${volume.progress().damaged}`;
  const camera = reading.cameras.of(plane);
  const compared = data.label_sets.find((set) => set.key === state.compare);
  const note =
    side === "both" ? "" : `  ${(side === "compared" ? compared : data.label_sets[0])?.name ?? ""}`;
  return {
    index,
    stamp,
    camera,
    note,
    side,
    lut: reading.lut,
    cursor: state.cursor,
    crosshair: state.crosshair,
    style: {
      fill: state.fill,
      opacity: state.opacity,
      thickness: state.thickness,
      dimmed: state.dimmed,
    },
    layers: () => buildLayers(reading, plane, index, side, compared),
    dose: () => reading.dose?.picture(plane, index) ?? null,
    band: () => (side === "compared" ? null : (reading.band?.picture(plane, index) ?? null)),
    difference: () => buildDifference(reading, plane, index, compared),
    key: [
      plane,
      index,
      stamp,
      reading.layersVersion,
      reading.draft?.mask.stampOf(plane),
      reading.draft?.marks.stampOf(plane),
      side,
      ...Object.values(camera ?? {}),
    ].join("|"),
  };
}

/**
 * @param {Reading} reading
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Side} side
 * @param {LabelSet | undefined} compared
 */
function buildLayers(reading, plane, index, side, compared) {
  const { outlines } = reading;
  const first = reading.data.label_sets[0];
  /** @type {Layer[]} */
  const layers = [];
  /** @type {(set: LabelSet | undefined, structure: { name: string }) => void} */
  const add = (set, structure) => {
    const mask = set && reading.mask(structure.name, set.key);
    if (!set || isEmpty(mask)) return;
    const path = outlines?.path(set.key, structure.name, mask, plane, index);
    if (!path) return;
    const colour = reading.colours.get(structure.name) ?? WHITE;
    const isChosen = structure.name === reading.state.selected;
    layers.push({
      path,
      line: set.line,
      voxels: mask.voxels ?? 0,
      compared: set !== first && side === "both",
      colour:
        isChosen && set.color ? set.color : set === first || reading.data.choice ? colour : paler(colour),
      chosen: isChosen,
    });
  };
  for (const structure of reading.structures) {
    if (!reading.isShown(structure.name)) continue;
    if (side !== "compared") add(first, structure);
    if (side !== "compared" && structure.name === reading.draft?.name)
      layers.push(...buildStart(reading, plane, index, structure.name));
    if (side !== "reviewed") add(compared, structure);
    if (side === "both" && structure.name === reading.data.decision?.structure)
      for (const set of listBeside(reading, compared)) add(set, structure);
  }
  if (outlines && side !== "compared")
    layers.push(...(reading.draft?.marks.layers(outlines, plane, index) ?? []));
  return layers.sort((a, b) => Number(a.chosen) - Number(b.chosen) || b.voxels - a.voxels);
}

/**
 * Of a question to an adjudicator all contours are drawn: the one under review, and each that waits.
 * @param {Reading} reading
 * @param {LabelSet | undefined} compared
 */
function listBeside(reading, compared) {
  const { label_sets: sets, decision } = reading.data;
  const keys = ["a", ...(decision?.candidates ?? []).map((one) => one.set)];
  return sets.slice(1).filter((set) => set !== compared && keys.includes(set.key));
}

/**
 * While a structure is edited, the contour under review stays beside it as a dotted line.
 * @param {Reading} reading
 * @param {PlaneName} plane
 * @param {number} index
 * @param {string} name
 * @returns {Layer[]}
 */
function buildStart(reading, plane, index, name) {
  const start = reading.masksOf(reading.reviewed)?.get(name);
  const { outlines, reviewed } = reading;
  const path = isEmpty(start) ? null : outlines?.path(reviewed ?? "", name, start, plane, index);
  return path ? [{ path, line: "dotted", voxels: start?.voxels ?? 0, colour: WHITE, chosen: false }] : [];
}

/**
 * @param {Reading} reading
 * @param {PlaneName} plane
 * @param {number} index
 * @param {LabelSet | undefined} compared
 */
function buildDifference(reading, plane, index, compared) {
  const { outlines, state, reviewed } = reading;
  const { selected } = state;
  if (!state.difference || !compared || !selected || !reading.masksOf(compared.key)?.has(selected))
    return null;
  /** @param {string} key */
  const path = (key) => {
    const mask = reading.mask(selected, key);
    return isEmpty(mask) ? null : (outlines?.path(key, selected, mask, plane, index) ?? null);
  };
  return { reviewed: path(reviewed ?? ""), compared: path(compared.key) };
}
