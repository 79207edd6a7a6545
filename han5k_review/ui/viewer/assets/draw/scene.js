// What a view is to draw for the present state of a reading.

import { paler } from "../pure/colours.js";
import { PLANES } from "../pure/geometry.js";
import { isEmpty } from "../pure/masks.js";

/**
 * `side`: "both" shows the set under review with the compared one beside it, on every shown structure;
 * "reviewed" and "compared" show one set alone (side by side). `layers()` and `difference()` are built
 * only for a view that is drawn anew: most steps change one view of three.
 */
export function buildScene(reading, plane, side = "both") {
  const { state, volume, data } = reading;
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
    style: { fill: state.fill, opacity: state.opacity, thickness: state.thickness },
    layers: () => buildLayers(reading, plane, index, side, compared),
    difference: () => buildDifference(reading, plane, index, compared),
    key: [
      plane,
      index,
      stamp,
      reading.layersVersion,
      reading.draft?.mask.stampOf(plane),
      side,
      ...Object.values(camera ?? {}),
    ].join("|"),
  };
}

function buildLayers(reading, plane, index, side, compared) {
  const first = reading.data.label_sets[0];
  const layers = [];
  const add = (set, structure) => {
    const mask = set && reading.mask(structure.name, set.key);
    if (isEmpty(mask)) return;
    const path = reading.outlines.path(set.key, structure.name, mask, plane, index);
    if (!path) return;
    layers.push({
      path,
      line: set.line,
      voxels: mask.voxels,
      compared: set !== first && side === "both",
      colour:
        set === first ? reading.colours.get(structure.name) : paler(reading.colours.get(structure.name)),
      chosen: structure.name === reading.state.selected,
    });
  };
  for (const structure of reading.structures) {
    if (!reading.isShown(structure.name)) continue;
    if (side !== "compared") add(first, structure);
    if (side !== "compared" && structure.name === reading.draft?.name)
      layers.push(...buildStart(reading, plane, index, structure.name));
    if (side !== "reviewed") add(compared, structure);
  }
  return layers.sort((a, b) => a.chosen - b.chosen || b.voxels - a.voxels);
}

/** While a structure is edited, the contour under review stays beside it as a dotted line. */
function buildStart(reading, plane, index, name) {
  const start = reading.masksOf(reading.reviewed)?.get(name);
  const path = isEmpty(start) ? null : reading.outlines.path(reading.reviewed, name, start, plane, index);
  return path ? [{ path, line: "dotted", voxels: start.voxels, colour: "#ffffff", chosen: false }] : [];
}

function buildDifference(reading, plane, index, compared) {
  const { state } = reading;
  if (!state.difference || !compared || !reading.masksOf(compared.key)?.has(state.selected)) return null;
  const path = (key) => {
    const mask = reading.mask(state.selected, key);
    return isEmpty(mask) ? null : reading.outlines.path(key, state.selected, mask, plane, index);
  };
  return { reviewed: path(reading.reviewed), compared: path(compared.key) };
}
