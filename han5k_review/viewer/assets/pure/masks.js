// @ts-check
// Masks as they come over the wire: one answer per label set, bit-packed boxes. No DOM.
//
// Bit n = (k * nj + j) * ni + i of a structure's box is `1 << (n & 7)` of byte n >> 3. The bits stay
// packed: 50 structures take a few megabytes, and only the slice on the screen is unpacked. The mask
// that is being edited (edit/edit_mask.js) stands beside them and answers the same questions itself.

import { PLANES, rowOf } from "./geometry.js";

/** @import { PlaneName, Triple } from "./geometry.js" */

/**
 * One structure's mask as it came over the wire: a box of bits; an empty one has shape [0, 0, 0].
 * @typedef {object} WireMask
 * @property {string} [structure]
 * @property {number} [label_version]
 * @property {Triple} start
 * @property {Triple} shape
 * @property {Uint8Array} bits
 * @property {number} [voxels]
 * @property {Triple | null} [centre]
 */

/**
 * A mask of either kind: from the wire, or the one being edited, which answers for itself.
 * @typedef {object} OwnAnswers
 * @property {(i: number, j: number, k: number) => boolean} [holds]
 * @property {(plane: PlaneName, index: number) => FramedSlice | null} [framedSlice]
 * @property {Uint32Array} [area]
 * @property {(plane: PlaneName) => string} [stampOf]
 *
 * @typedef {WireMask & OwnAnswers} Mask
 */

/**
 * One slice of a mask, see `maskSlice`.
 * @typedef {{ cells: Uint8Array, width: number, height: number, column: number, row: number }} FramedSlice
 */

/**
 * ArrayBuffer -> Map of structure name to mask; throws an Error that says what is wrong.
 * @param {ArrayBuffer} buffer
 * @returns {Map<string, WireMask>}
 */
export function parseMasks(buffer) {
  const view = new DataView(buffer);
  const magic = buffer.byteLength < 8 ? "" : String.fromCharCode(...new Uint8Array(buffer, 0, 4));
  if (magic !== "HMSK") throw new Error("A label set that begins with HMSK was expected.");
  const headerLength = view.getUint32(4, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, headerLength)));
  const payload = Math.ceil((8 + headerLength) / 8) * 8;
  /** @type {Map<string, WireMask>} */
  const masks = new Map();
  for (const entry of header.masks) {
    const needed = Math.ceil((entry.shape[0] * entry.shape[1] * entry.shape[2]) / 8);
    if (entry.bytes < needed || payload + entry.offset + entry.bytes > buffer.byteLength) {
      throw new Error(`The mask of ${entry.structure} is cut short: ask for the case again.`);
    }
    masks.set(entry.structure, {
      ...entry,
      bits: new Uint8Array(buffer, payload + entry.offset, entry.bytes),
    });
  }
  return masks;
}

/**
 * @param {Mask | null | undefined} mask
 * @returns {mask is null | undefined}
 */
export function isEmpty(mask) {
  return !mask || mask.shape[0] === 0;
}

/**
 * Is voxel ijk of the volume inside the mask?
 * @param {Mask | null | undefined} mask
 * @param {number} i
 * @param {number} j
 * @param {number} k
 */
export function holds(mask, i, j, k) {
  if (isEmpty(mask)) return false;
  if (mask.holds) return mask.holds(i, j, k);
  const [ni, nj, nk] = mask.shape;
  const x = i - mask.start[0];
  const y = j - mask.start[1];
  const z = k - mask.start[2];
  if (x < 0 || y < 0 || z < 0 || x >= ni || y >= nj || z >= nk) return false;
  const n = (z * nj + y) * ni + x;
  return ((mask.bits[n >> 3] >> (n & 7)) & 1) === 1;
}

/**
 * One slice of a mask in a plane, as it lies on the screen, with a frame of one empty cell:
 * { cells, width, height, column, row }; cells[(r + 1) * width + c + 1] belongs to screen column
 * `column + c` and screen row `row + r`. Null where the mask does not reach the slice.
 * @param {Mask | null | undefined} mask
 * @param {PlaneName} plane
 * @param {number} index
 * @param {Triple} shape
 * @returns {FramedSlice | null}
 */
export function maskSlice(mask, plane, index, shape) {
  if (isEmpty(mask)) return null;
  if (mask.framedSlice) return mask.framedSlice(plane, index);
  const { column, row, through, flipRows } = PLANES[plane];
  const at = index - mask.start[through];
  if (at < 0 || at >= mask.shape[through]) return null;
  const strides = [1, mask.shape[0], mask.shape[0] * mask.shape[1]];
  const columns = mask.shape[column];
  const rows = mask.shape[row];
  const width = columns + 2;
  const cells = new Uint8Array(width * (rows + 2));
  const { bits } = mask;
  const step = strides[column];
  let any = 0;
  for (let r = 0; r < rows; r++) {
    let n = at * strides[through] + (flipRows ? rows - 1 - r : r) * strides[row];
    for (let c = 0, out = (r + 1) * width + 1; c < columns; c++, n += step) {
      any |= cells[out++] = (bits[n >> 3] >> (n & 7)) & 1;
    }
  }
  if (!any) return null;
  const lastRow = mask.start[row] + (flipRows ? rows - 1 : 0);
  return { cells, width, height: rows + 2, column: mask.start[column], row: rowOf(plane, lastRow, shape) };
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/**
 * Set bits from bit `from` up to bit `to`.
 * @param {Uint8Array} bits
 * @param {number} from
 * @param {number} to
 */
function countBits(bits, from, to) {
  let count = 0;
  for (; from < to && from & 7; from++) count += (bits[from >> 3] >> (from & 7)) & 1;
  for (; from + 8 <= to; from += 8) count += ONES[bits[from >> 3]];
  for (; from < to; from++) count += (bits[from >> 3] >> (from & 7)) & 1;
  return count;
}

/**
 * Voxels of a mask on each axial slice of the whole volume.
 * @param {Mask | null | undefined} mask
 * @param {Triple} shape
 */
export function areaProfile(mask, shape) {
  if (mask?.area) return mask.area;
  const profile = new Uint32Array(shape[2]);
  if (isEmpty(mask)) return profile;
  const area = mask.shape[0] * mask.shape[1];
  for (let k = 0; k < mask.shape[2]; k++) {
    profile[mask.start[2] + k] = countBits(mask.bits, k * area, (k + 1) * area);
  }
  return profile;
}

/**
 * Voxels that only one of two masks holds, per axial slice. Either mask may be missing.
 * @param {Mask | null | undefined} one
 * @param {Mask | null | undefined} other
 * @param {Triple} shape
 */
export function differenceProfile(one, other, shape) {
  const profile = new Uint32Array(shape[2]);
  const boxes = [one, other].filter((mask) => !isEmpty(mask));
  if (!boxes.length) return profile;
  const low = [0, 1, 2].map((axis) => Math.min(...boxes.map((mask) => mask.start[axis])));
  const high = [0, 1, 2].map((axis) => Math.max(...boxes.map((m) => m.start[axis] + m.shape[axis])));
  const columns = high[0] - low[0];
  const area = columns * (high[1] - low[1]);
  const sheet = new Uint8Array(area);
  for (let k = low[2]; k < high[2]; k++) {
    sheet.fill(0);
    for (const mask of boxes) {
      const slice = maskSlice(mask, "axial", k, shape);
      if (!slice) continue;
      for (let r = 1; r < slice.height - 1; r++) {
        let to = (slice.row + r - 1 - low[1]) * columns + slice.column - low[0];
        const from = r * slice.width + 1;
        for (let c = 0; c < slice.width - 2; c++) sheet[to++] ^= slice.cells[from + c];
      }
    }
    let count = 0;
    for (let n = 0; n < area; n++) count += sheet[n];
    profile[k] = count;
  }
  return profile;
}

/**
 * Index of the largest entry, or null when all are zero.
 * @param {Uint32Array} profile
 * @returns {number | null}
 */
export function peakOf(profile) {
  /** @type {number | null} */
  let best = null;
  for (let k = 0; k < profile.length; k++) {
    if (profile[k] > (best === null ? 0 : profile[best])) best = k;
  }
  return best;
}

/**
 * First and last slice with a voxel, or null.
 * @param {Uint32Array} profile
 */
export function extentOf(profile) {
  const first = profile.findIndex((count) => count > 0);
  if (first < 0) return null;
  let last = profile.length - 1;
  while (profile[last] === 0) last--;
  return { first, last };
}
