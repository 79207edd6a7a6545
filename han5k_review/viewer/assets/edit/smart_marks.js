// @ts-check
// What is shown above the contour and is no part of it: seeds, what is proposed for other slices, a prompt
// that is asked.

import { sayCount } from "../pure/counts.js";
import { PLANES } from "../pure/geometry.js";
import { Proposals } from "./proposals.js";
import { COLOURS, Seeds } from "./seeds.js";

/** @import { Layer } from "../draw/layers.js" */
/** @import { OutlineCache } from "../draw/outlines.js" */
/** @import { PlaneName } from "../pure/geometry.js" */
/** @import { Box } from "./changes.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { Editor } from "./editor.js" */

const PROPOSED = "#ffe08a";
/** @typedef {{ mask: EditMask, colour: string, line: "solid" | "dashed" }} Mark */

export class SmartMarks {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {Seeds | null} */
    this.seeds = null;
    /** @type {{ seeds: Seeds, at: number } | null} what the last growth came from, and the steps it made */
    this.spent = null;
    /** @type {Proposals | null} */
    this.proposals = null;
    /** @type {Mark | null} the prompt that the server works on */
    this.prompt = null;
  }

  // -- seeds -------------------------------------------------------------------------------------

  /**
   * @param {string} tool
   * @param {PlaneName} plane
   */
  beginSeed(tool, plane) {
    const { mask } = this.editor;
    if (!mask) throw new Error("A contour in hand was expected while drawing.");
    this.seeds ??= new Seeds(mask.grid, mask.spacing);
    return this.seeds.begin(tool, plane);
  }

  keepSeed() {
    this.seeds?.keep();
    this.redraw();
  }

  /** Undo takes the last seed while there is one; true when there was. */
  dropSeed() {
    if (!this.seeds?.strokes.length) return false;
    this.seeds.drop();
    this.redraw();
    return true;
  }

  /** The contour has grown from the seeds: they go, and come back when that step is undone. */
  spend() {
    if (this.seeds) this.spent = { seeds: this.seeds, at: this.editor.history.done.length };
    this.seeds = null;
    this.redraw();
  }

  /** A step was taken back. */
  restore() {
    const { spent } = this;
    if (spent?.at !== this.editor.history.done.length + 1) return;
    this.seeds = spent.seeds;
    this.spent = null;
    this.redraw();
  }

  // -- proposals ---------------------------------------------------------------------------------

  /**
   * Shows what is proposed; false when that is nothing. `sides`: slices above `index`, and below it.
   * @param {PlaneName} plane
   * @param {number} index
   * @param {Box} box
   * @param {Uint8Array[][]} sides
   */
  propose(plane, index, box, [above, below]) {
    const { mask } = this.editor;
    if (!mask) return false;
    /** @type {Map<number, Uint8Array>} */
    const slices = new Map();
    for (const [n, cells] of above.entries()) slices.set(index + 1 + n, cells);
    for (const [n, cells] of below.entries()) slices.set(index - 1 - n, cells);
    this.proposals = new Proposals(mask.grid, mask.spacing, { plane, box, slices });
    for (const [at, cells] of slices) {
      const { low, high } = this.proposals.boxOf(at);
      const now = mask.extract(low, high);
      if (cells.every((cell, n) => cell === now[n])) this.proposals.take(at);
    }
    if (!slices.size) this.proposals = null;
    this.redraw();
    return this.proposals !== null;
  }

  /** What waits, in a sentence; "" when nothing does. */
  sayProposals() {
    const count = this.proposals?.slices.size ?? 0;
    if (!count) return "";
    return `Proposed on ${sayCount(count, "slice")}, dashed: Enter accepts a slice, Backspace drops it, Escape drops all.`;
  }

  /**
   * The slice of the large view is accepted as one step, or dropped; then the nearest that waits is
   * shown. False where nothing is proposed on it.
   * @param {boolean} isAccepted
   */
  decide(isAccepted) {
    const { editor, proposals } = this;
    const mask = editor.free;
    const { main, cursor } = editor.reading.state;
    if (!mask || !proposals || proposals.plane !== main) return false;
    const { through } = PLANES[main];
    const index = cursor[through];
    const taken = proposals.take(index);
    if (!taken) return false;
    const next = proposals.nearest(index);
    if (next === null) this.proposals = null;
    editor.notice = this.sayProposals();
    if (isAccepted) {
      mask.replace(taken.low, taken.high, taken.cells);
      editor.commit("smart-follow", main, index);
    }
    if (next !== null) editor.reading.moveTo(cursor.map((at, axis) => (axis === through ? next : at)));
    this.redraw();
    return true;
  }

  /**
   * Another step changed the contour: what was proposed for that slice, or for all, no longer holds.
   * @param {PlaneName | null} plane
   * @param {number} index
   */
  outdate(plane, index) {
    if (!this.proposals) return;
    if (plane === this.proposals.plane) this.proposals.take(index);
    else this.proposals = null;
    if (!this.proposals?.slices.size) this.proposals = null;
  }

  // -- all of them -------------------------------------------------------------------------------

  /** Everything goes; true when there was something. */
  drop() {
    const had = this.proposals !== null || Boolean(this.seeds?.strokes.length);
    this.seeds = this.spent = this.proposals = null;
    if (had) this.redraw();
    return had;
  }

  redraw() {
    this.editor.tell("edit");
    this.editor.reading.change({}, "layers");
  }

  /** @param {Mark | null} prompt */
  showPrompt(prompt) {
    if (prompt === this.prompt) return;
    this.prompt = prompt;
    this.redraw();
  }

  /** @returns {Mark[]} */
  list() {
    const { seeds, proposals, prompt } = this;
    /** @type {Mark[]} */
    const marks = [];
    if (seeds) marks.push({ mask: seeds.inside, colour: COLOURS.inside, line: "solid" });
    if (seeds) marks.push({ mask: seeds.outside, colour: COLOURS.outside, line: "solid" });
    if (proposals) marks.push({ mask: proposals.mask, colour: PROPOSED, line: "dashed" });
    return prompt ? [...marks, prompt] : marks;
  }

  /**
   * Names the state of what is shown on a plane.
   * @param {PlaneName} plane
   */
  stampOf(plane) {
    return this.list()
      .map(({ mask }) => mask.stampOf(plane))
      .join();
  }

  /**
   * The outlines of what is on a slice.
   * @param {OutlineCache} outlines
   * @param {PlaneName} plane
   * @param {number} index
   * @returns {Layer[]}
   */
  layers(outlines, plane, index) {
    return this.list().flatMap(({ mask, colour, line }, n) => {
      const isElsewhere = this.proposals?.mask === mask && this.proposals.plane !== plane;
      const path = isElsewhere ? null : outlines.path("marks", String(n), mask, plane, index);
      return path ? [{ path, colour, line, voxels: 0, chosen: true, compared: true }] : [];
    });
  }
}
