// @ts-check
// A box of labels as an uncompressed NIfTI-1 file, placed in the patient as the CT is. No DOM.
//
// Layout: nifti.nimh.nih.gov/nifti-1, nifti1.h; little-endian, uint8, sform only (code 1, scanner).

/** @import { Triple } from "../pure/geometry.js" */

const HEADER = 352;
const UINT8 = 2;
const MILLIMETRES = 2;

/**
 * `cells` of a box at `start` with `shape`, i fastest; `affine` maps voxels of the CT to RAS mm.
 * @param {Uint8Array} cells
 * @param {Triple} start
 * @param {Triple} shape
 * @param {number[][]} affine
 * @param {Triple} spacing
 * @param {string} words
 */
export function buildNifti(cells, start, shape, affine, spacing, words) {
  const bytes = new Uint8Array(HEADER + cells.length);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, 348, true);
  for (const [n, value] of [3, ...shape, 1, 1, 1, 1].entries()) view.setInt16(40 + 2 * n, value, true);
  view.setInt16(70, UINT8, true);
  view.setInt16(72, 8, true);
  for (const [n, value] of [1, ...spacing].entries()) view.setFloat32(76 + 4 * n, value, true);
  view.setFloat32(108, HEADER, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, MILLIMETRES);
  bytes.set(new TextEncoder().encode(words).subarray(0, 79), 148);
  view.setInt16(254, 1, true);
  for (let row = 0; row < 3; row++) {
    const origin = affine[row]
      .slice(0, 3)
      .reduce((sum, step, axis) => sum + step * start[axis], affine[row][3]);
    for (const [n, value] of [...affine[row].slice(0, 3), origin].entries())
      view.setFloat32(280 + 16 * row + 4 * n, value, true);
  }
  bytes.set([0x6e, 0x2b, 0x31, 0], 344);
  bytes.set(cells, HEADER);
  return bytes;
}
