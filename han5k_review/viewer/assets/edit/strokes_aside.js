// @ts-check
// Strokes that no longer fit their draft: drawn again on the contour as it is now, or taken away as a file.

import { sayCount } from "../pure/counts.js";
import { buildNifti } from "./nifti.js";
import { eachVoxel } from "./patches.js";

/** @import { Triple } from "../pure/geometry.js" */
/** @import { StrokeEntry } from "./draft_queue.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { Editor } from "./editor.js" */
/** @import { EncodedChange } from "./patches.js" */
/** @typedef {{ patch: EncodedChange, added: string }} DrawnStroke */

/**
 * Does with a contour what the strokes did: what they added becomes inside, what they took outside.
 * @param {EditMask} mask
 * @param {DrawnStroke} stroke
 */
export function repaint(mask, stroke) {
  const { start, shape } = stroke.patch;
  mask.ensure(
    start,
    start.map((first, axis) => first + shape[axis]),
  );
  eachVoxel(stroke, (i, j, k, isAdded) => mask.paint(i, j, k, isAdded ? 1 : 0));
}

/**
 * The strokes as a NIfTI file on the CT's grid, cut to their box: 1 where they added, 2 where they took.
 * @param {DrawnStroke[]} strokes
 * @param {{ affine: number[][], spacing: Triple }} grid
 */
export function strokesFile(strokes, { affine, spacing }) {
  const boxes = strokes.map(({ patch }) => patch);
  const low = [0, 1, 2].map((axis) => Math.min(...boxes.map(({ start }) => start[axis])));
  const size = low.map(
    (first, axis) => Math.max(...boxes.map(({ start, shape }) => start[axis] + shape[axis])) - first,
  );
  const cells = new Uint8Array(size[0] * size[1] * size[2]);
  for (const stroke of strokes) {
    eachVoxel(stroke, (i, j, k, isAdded) => {
      cells[((k - low[2]) * size[1] + j - low[1]) * size[0] + i - low[0]] = isAdded ? 1 : 2;
    });
  }
  return buildNifti(
    cells,
    low,
    size,
    affine,
    spacing,
    "Strokes: 1 added, 2 removed. Research use only. Not a medical device.",
  );
}

/**
 * Hands a file to the browser's downloads.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} name
 */
function saveFile(bytes, name) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  Object.assign(link, { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Those of the chosen structure, kept in this browser until the reader decides. */
export class AsideStrokes {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
  }

  /**
   * Oldest first.
   * @returns {StrokeEntry[]}
   */
  entries() {
    const { reading, session } = this.editor;
    const { selected } = reading.state;
    return selected ? session.queue.asideOf(session.drafts.urlOf(selected)) : [];
  }

  /** Draws them on the contour as it is now, each a step that Undo takes back. */
  draw() {
    const { editor } = this;
    const mask = editor.free;
    if (!mask) return;
    const strokes = this.entries();
    let changed = 0;
    for (const stroke of strokes) {
      repaint(mask, stroke);
      if (editor.commit(stroke.patch.tool)) changed++;
    }
    editor.session.queue.aside.remove(strokes);
    const undo = changed ? " Undo takes each back." : "";
    editor.notice = `${changed} of ${sayCount(strokes.length, "stroke")} changed the contour.${undo}`;
    editor.tell("edit");
  }

  save() {
    const { reading, data } = this.editor;
    if (!reading.volume) return;
    saveFile(
      strokesFile(this.entries(), reading.volume),
      `${data.case}-${reading.state.selected}-strokes.nii`,
    );
  }

  drop() {
    this.editor.session.queue.aside.remove(this.entries());
    this.editor.tell("edit");
  }
}
