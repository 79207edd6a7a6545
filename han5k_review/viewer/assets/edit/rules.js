// What anatomy says of a contour while it is drawn: inside its parent, on its side, in one piece. No DOM.
//
// Masks are an EditMask or what pure/masks.js parses. Volumes are in LPS axes: i grows to the left.

import { holds, isEmpty } from "../pure/masks.js";
import { countPieces } from "./shaping.js";

/** Pieces are counted in contours of up to this many voxels, in a box of this many: more takes too long. */
const COUNTED_VOXELS = 60_000;
const COUNTED_BOX = 3_000_000;

/** Voxels of an EditMask that a parent's mask does not hold. */
export function countOutside(mask, parent) {
  const { start, shape, cells } = mask;
  let count = 0;
  for (let k = 0, n = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, n++) {
        if (cells[n] & 1 && !holds(parent, start[0] + i, start[1] + j, start[2] + k)) count++;
      }
    }
  }
  return count;
}

/** Mean i of an EditMask's voxels; null when it is empty. */
export function middleOfEdit({ start, shape, cells, voxels }) {
  let sum = 0;
  for (let n = 0; n < cells.length; n++) if (cells[n] & 1) sum += n % shape[0];
  return voxels ? start[0] + sum / voxels : null;
}

/** Mean i of a mask as it came over the wire; null when it is empty. */
export function middleOf(mask) {
  if (isEmpty(mask)) return null;
  const { bits, shape, start } = mask;
  let [sum, count] = [0, 0];
  for (let n = 0, end = shape[0] * shape[1] * shape[2]; n < end; n++) {
    if (!((bits[n >> 3] >> (n & 7)) & 1)) continue;
    sum += n % shape[0];
    count++;
  }
  return count ? start[0] + sum / count : null;
}

/** Pieces of the contour now (bit 1) or of the one it is compared with (bit 2); null when uncounted. */
export function piecesOf(mask, bit) {
  if ((bit === 1 ? mask.voxels : mask.baseVoxels) > COUNTED_VOXELS) return null;
  const box = mask.bounds(bit);
  if (!box) return 0;
  const size = box.high.map((end, axis) => end - box.low[axis]);
  return size[0] * size[1] * size[2] > COUNTED_BOX
    ? null
    : countPieces(mask.extract(box.low, box.high, bit), size);
}

const cubic = (voxels, spacing) => {
  const cc = (voxels * spacing[0] * spacing[1] * spacing[2]) / 1000;
  return `${cc.toFixed(cc < 0.1 ? 3 : cc < 10 ? 2 : 1)} cc`;
};

/**
 * Sentences about the contour in hand. `structure` is its row of the mount; `maskOf(name)` gives
 * another structure's mask under review; `startPieces` is the piece count of the contour under review.
 */
export function warningsOf(mask, structure, maskOf, startPieces) {
  const said = [];
  if (!mask.voxels) return said;
  const parent = structure.inside && maskOf(structure.inside);
  const outside = isEmpty(parent) ? 0 : countOutside(mask, parent);
  if (outside)
    said.push(
      `${outside} ${outside === 1 ? "voxel" : "voxels"} (${cubic(outside, mask.spacing)}) outside ${structure.inside}, in which it should lie.`,
    );
  const partner = structure.pair && structure.side ? middleOf(maskOf(structure.pair)) : null;
  const own = partner === null ? null : middleOfEdit(mask);
  if (own !== null && (structure.side === "L" ? own < partner : own > partner)) {
    const [wrong, side] = structure.side === "L" ? ["right", "left"] : ["left", "right"];
    said.push(`Its middle lies to the ${wrong} of ${structure.pair}; it is the ${side} one of the pair.`);
  }
  const pieces = piecesOf(mask, 1);
  if (pieces > 1 && startPieces !== null && pieces > startPieces)
    said.push(`${pieces} separate pieces; the contour under review has ${startPieces}.`);
  return said;
}
