// @ts-check
// What anatomy says of a contour while it is drawn: in its outer structure, on its side, one piece. No DOM.
//
// Masks are an EditMask or what pure/masks.js parses. Volumes are in LPS axes: i grows to the left.

import { holds, isEmpty } from "../pure/masks.js";
import { countPieces } from "./shaping.js";

/** @import { Triple } from "../pure/geometry.js" */
/** @import { Mask, WireMask } from "../pure/masks.js" */
/** @import { ViewerRule, ViewerStructure } from "../pure/payload.js" */
/** @import { EditMask } from "./edit_mask.js" */

/** Pieces are counted in contours of up to this many voxels, in a box of this many: more takes too long. */
const COUNTED_VOXELS = 60_000;
const COUNTED_BOX = 3_000_000;

/**
 * Voxels of an EditMask that the mask of the outer structure does not hold.
 * @param {EditMask} mask
 * @param {Mask | null | undefined} outer
 */
export function countOutside(mask, outer) {
  const { start, shape, cells } = mask;
  let count = 0;
  for (let k = 0, n = 0; k < shape[2]; k++) {
    for (let j = 0; j < shape[1]; j++) {
      for (let i = 0; i < shape[0]; i++, n++) {
        if (cells[n] & 1 && !holds(outer, start[0] + i, start[1] + j, start[2] + k)) count++;
      }
    }
  }
  return count;
}

/**
 * Mean i of an EditMask's voxels; null when it is empty.
 * @param {EditMask} mask
 */
export function middleOfEdit({ start, shape, cells, voxels }) {
  let sum = 0;
  for (let n = 0; n < cells.length; n++) if (cells[n] & 1) sum += n % shape[0];
  return voxels ? start[0] + sum / voxels : null;
}

/**
 * Mean i of a mask as it came over the wire; null when it is empty.
 * @param {WireMask | null | undefined} mask
 */
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

/**
 * Pieces of the contour now (bit 1) or of the one it is compared with (bit 2); null when uncounted.
 * @param {EditMask} mask
 * @param {number} bit
 */
export function piecesOf(mask, bit) {
  if ((bit === 1 ? mask.voxels : mask.baseVoxels) > COUNTED_VOXELS) return null;
  const box = mask.bounds(bit);
  if (!box) return 0;
  const size = box.high.map((end, axis) => end - box.low[axis]);
  return size[0] * size[1] * size[2] > COUNTED_BOX
    ? null
    : countPieces(mask.extract(box.low, box.high, bit), size);
}

/** @type {Record<string, string>} */
const SIDES = { L: "left", R: "right" };

/**
 * The sentence of a rule with its `words`, null while it is kept; the twin of `judge` in anatomy/rules.py.
 * @param {ViewerRule} rule
 * @param {number} amount
 * @param {Record<string, string | number | null>} words
 */
export function judge(rule, amount, words) {
  if (!(amount >= rule.at_least)) return null;
  /** @type {typeof words} */
  const all = { ...words, amount: amount.toFixed(rule.decimals) };
  return rule.sentence.replace(/\{(\w+)\}/g, (_, word) => String(all[word]));
}

/**
 * Sentences about the contour in hand. `rules` are those of the mount, `structure` is its row there;
 * `maskOf(name)` gives another structure's mask under review; `startPieces` is the piece count of the
 * contour under review, which says nothing where it is empty.
 * @param {Record<string, ViewerRule>} rules
 * @param {EditMask} mask
 * @param {ViewerStructure} structure
 * @param {(name: string) => WireMask | undefined} maskOf
 * @param {number | null} startPieces
 * @returns {string[]}
 */
export function warningsOf(rules, mask, structure, maskOf, startPieces) {
  if (!mask.voxels) return [];
  const said = [];
  const { spacing } = mask;
  const container = structure.inside ? maskOf(structure.inside) : null;
  if (!isEmpty(container)) {
    const cc = (countOutside(mask, container) * spacing[0] * spacing[1] * spacing[2]) / 1000;
    said.push(judge(rules.outside, cc, { other: structure.inside }));
  }
  const side = SIDES[structure.side ?? ""];
  const pair = structure.pair && side ? middleOf(maskOf(structure.pair)) : null;
  const own = middleOfEdit(mask);
  if (pair !== null && own !== null) {
    const toRight = (pair - own) * spacing[0];
    const wrong = structure.side === "L" ? toRight : -toRight;
    said.push(judge(rules.side, wrong, { other: structure.pair, side }));
  }
  const pieces = piecesOf(mask, 1);
  if (pieces !== null && startPieces)
    said.push(judge(rules.pieces, pieces - startPieces, { pieces, before: startPieces }));
  return said.filter((sentence) => sentence !== null);
}
