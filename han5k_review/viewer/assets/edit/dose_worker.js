// @ts-check
// The dose of the contour in hand in a thread of its own: it keeps a contour like that of the editor, and
// samples each voxel that changes.

import { DoseTally } from "../pure/dose_tally.js";
import { CellBox } from "./cell_box.js";
import { boundsOf } from "./changes.js";

/** @import { CtGrid, DoseGrid } from "../pure/dose_grid.js" */
/** @import { DoseNumbers } from "../pure/dose_tally.js" */
/** @import { Triple } from "../pure/geometry.js" */
/** @import { Change } from "./changes.js" */
/** @typedef {{ start: Triple, shape: Triple, cells: Uint8Array }} Cells as edit/edit_mask.js has them */
/**
 * `voxels`: of the editor's contour after it.
 * @typedef {{ dose?: DoseGrid, ct?: CtGrid, begin?: Cells, change?: Change, voxels: number }} DoseQuestion
 * @typedef {{ now: DoseNumbers, before: DoseNumbers, isSame: boolean }} DoseAnswer
 */

/** @type {CtGrid} */
let ct;
/** @type {DoseGrid} */
let dose;
/** @type {CellBox} */
let box;
/** @type {DoseTally} */
let now;
/** @type {DoseNumbers} */
let before;

/** @param {Cells} cells */
function begin(cells) {
  box = Object.assign(new CellBox(ct.shape), cells);
  now = new DoseTally(ct, dose);
  const base = new DoseTally(ct, dose);
  const [ni, nj, nk] = box.shape;
  for (let k = 0, n = 0; k < nk; k++)
    for (let j = 0; j < nj; j++)
      for (let i = 0; i < ni; i++, n++) {
        const cell = box.cells[n];
        if (!cell) continue;
        if (cell & 1) now.turn(i + box.start[0], j + box.start[1], k + box.start[2], 1);
        if (cell & 2) base.turn(i + box.start[0], j + box.start[1], k + box.start[2], 1);
      }
  before = base.numbers();
}

/** @param {Change} runs */
function flip(runs) {
  const { low, high } = boundsOf(runs, box.grid);
  box.ensure(low, high);
  const [ni, nj] = box.grid;
  for (let n = 0; n < runs.length; n += 2) {
    const row = Math.floor(runs[n] / ni);
    const [j, k] = [row % nj, Math.floor(row / nj)];
    let i = runs[n] - row * ni;
    let at = box.at(i, j, k);
    for (const end = i + runs[n + 1]; i < end; i++, at++) {
      box.cells[at] ^= 1;
      now.turn(i, j, k, box.cells[at] & 1 ? 1 : -1);
    }
  }
}

globalThis.onmessage = ({ data }) => {
  const question = /** @type {DoseQuestion} */ (data);
  if (question.dose && question.ct) ({ dose, ct } = /** @type {Required<DoseQuestion>} */ (question));
  if (question.begin) begin(question.begin);
  if (question.change) flip(question.change);
  const numbers = now.numbers();
  globalThis.postMessage({ now: numbers, before, isSame: numbers.voxels === question.voxels });
};
