// @ts-check
// Snap to edge: the border of a contour moves to the edge of the CT within some millimetres. No DOM.
//
// From what is certainly inside and what is certainly outside (farther than `mm` from the border) ways
// lead into the band between; steep HU cost more. Each voxel goes to the side that reaches it more
// cheaply, as in a watershed of the gradient (Vincent and Soille, IEEE PAMI 1991) with the path costs of
// GeoS. Only what the CT adds to the ways counts beside the distance to the border as it was: no edge
// means no change.

import { signedDistances } from "./distance.js";
import { gaussianMean, steepnessAt } from "./gaussian.js";
import { geodesicDistances } from "./geodesic.js";
import { LOOK_MM } from "./seed_growth.js";

/** @import { Triple } from "./geometry.js" */

/** A steepness of this many HU per millimetre counts as an edge, not as noise. */
const EDGE_HU_PER_MM = 10;
const STEEP = 3;
const MOST = 400;
const [BAND, INSIDE, OUTSIDE] = [0, 1, 2];

/**
 * A box of the CT and the contour in it; cells run i fastest.
 * @typedef {{ hu: ArrayLike<number>, cells: Uint8Array, size: Triple, spacing: Triple, mm: number }} SnapJob
 */

/**
 * The contour afterwards, 0 and 1; `mm` is how far its border may move. `tell(share)` hears how much is
 * done.
 * @param {SnapJob} job
 * @param {(share: number) => void} tell
 */
export function snapToEdge({ hu, cells, size, spacing, mm }, tell = () => {}) {
  const depths = signedDistances(cells, size, spacing);
  const zones = zonesOf(depths, size, mm);
  const looked = gaussianMean(hu, size, spacing, LOOK_MM);
  tell(0.3);
  const costs = costsNearBand(zones, looked, size, spacing);
  tell(0.5);
  const fromInside = addedFrom(INSIDE);
  tell(0.8);
  const fromOutside = addedFrom(OUTSIDE);
  return cells.map((cell, n) => {
    if (zones[n] !== BAND || fromOutside[n] === Infinity || fromInside[n] === Infinity) return cell;
    return 2 * depths[n] + fromOutside[n] - fromInside[n] > 0 ? 1 : 0;
  });

  /**
   * What the CT adds to the cheapest way from a zone.
   * @param {number} zone
   */
  function addedFrom(zone) {
    const ways = new Float64Array(zones.length);
    const distances = geodesicDistances(costs, size, spacing, zones, zone, Infinity, ways);
    for (let n = 0; n < ways.length; n++) distances[n] -= ways[n];
    return distances;
  }
}

/**
 * What is certainly inside (at least `mm` deep, and the middle line of what is thinner), certainly
 * outside, and the band between.
 * @param {Float64Array} depths signed millimetres, positive inside
 * @param {Triple} size
 * @param {number} mm
 */
function zonesOf(depths, [ni, nj, nk], mm) {
  const zones = new Uint8Array(depths.length);
  for (let k = 0, n = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, n++) {
        const depth = depths[n];
        if (depth <= -mm) zones[n] = OUTSIDE;
        else if (depth >= mm || (depth > 0 && isDeepest(n, i, j, k))) zones[n] = INSIDE;
      }
    }
  }
  return zones;

  /**
   * Is no neighbour deeper?
   * @param {number} n
   * @param {number} i
   * @param {number} j
   * @param {number} k
   */
  function isDeepest(n, i, j, k) {
    for (let z = Math.max(0, k - 1); z <= Math.min(nk - 1, k + 1); z++)
      for (let y = Math.max(0, j - 1); y <= Math.min(nj - 1, j + 1); y++)
        for (let x = Math.max(0, i - 1); x <= Math.min(ni - 1, i + 1); x++)
          if (depths[(z * nj + y) * ni + x] > depths[n]) return false;
    return true;
  }
}

/**
 * The costs of the band and of what touches it; no way leads elsewhere.
 * @param {Uint8Array} zones
 * @param {Float64Array} looked
 * @param {Triple} size
 * @param {Triple} spacing
 */
function costsNearBand(zones, looked, size, spacing) {
  const [ni, nj, nk] = size;
  const costs = new Float64Array(zones.length).fill(Infinity);
  for (let k = 0, n = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      for (let i = 0; i < ni; i++, n++) {
        if (zones[n] !== BAND) continue;
        for (let z = Math.max(0, k - 1); z <= Math.min(nk - 1, k + 1); z++) {
          for (let y = Math.max(0, j - 1); y <= Math.min(nj - 1, j + 1); y++) {
            for (let x = Math.max(0, i - 1); x <= Math.min(ni - 1, i + 1); x++) {
              const at = (z * nj + y) * ni + x;
              if (costs[at] !== Infinity) continue;
              const slope = steepnessAt(looked, size, spacing, x, y, z) / EDGE_HU_PER_MM;
              costs[at] = Math.min(MOST, 1 + STEEP * slope * slope);
            }
          }
        }
      }
    }
  }
  return costs;
}
