// @ts-check
// The smart tools of the editor: what is asked of the worker, and what becomes of its answer. Each
// answer is one step.

import { PLANES } from "../pure/geometry.js";
import { SmartAsking, Stopped } from "./smart_asking.js";
import { prepareFollowing, prepareGrowth, prepareSmoothing, prepareSnap, SAY, sizeOf } from "./smart_jobs.js";
import { SmartMarks } from "./smart_marks.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { PlaneName } from "../pure/geometry.js" */
/** @import { Box, Change } from "./changes.js" */
/** @import { Editor } from "./editor.js" */
/** @import { EditMask } from "./edit_mask.js" */
/** @import { Job, Slice } from "./smart_jobs.js" */
/** @import { SmartTool } from "./smart_worker.js" */

/** A question that takes longer says how far it is. */
const SAID_MS = 300;
/** @type {Record<SmartTool, string>} */
const WORDS = {
  "smart-grow": "Growing from the seeds",
  "smart-snap": "Looking for the edge",
  "smart-smooth": "Smoothing",
  "smart-follow": "Following to the next slices",
};

export class SmartTools {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.allowed = editor.data.assistance;
    this.asking = new SmartAsking();
    this.marks = new SmartMarks(editor);
    /** @type {SmartTool | null} what is being worked on */
    this.working = null;
    this.share = 0;
    this.saying = false;
  }

  /** The slice of the large view. */
  get slice() {
    const { main, cursor } = this.editor.reading.state;
    const axis = PLANES[main].through;
    return { axis, index: cursor[axis] };
  }

  /** Where the tools work: the slice, or null for the whole structure. */
  get where() {
    return this.editor.options.whole ? null : this.slice;
  }

  /**
   * A seed in hand.
   * @param {string} tool
   */
  takeSeed(tool) {
    if (!this.allowed) return this.say(SAY.forbidden);
    this.asking.warm();
    return this.editor.set({ tool });
  }

  // -- the tools ---------------------------------------------------------------------------------

  grow() {
    return this.run("smart-grow", (mask, volume) => prepareGrowth(this, mask, volume));
  }

  snap() {
    return this.run("smart-snap", (mask, volume) => prepareSnap(this, mask, volume));
  }

  smooth() {
    return this.run("smart-smooth", (mask) => prepareSmoothing(this, mask));
  }

  follow() {
    return this.run("smart-follow", (mask, volume) => prepareFollowing(this, mask, volume));
  }

  // -- one question ------------------------------------------------------------------------------

  /**
   * Prepares a job and asks; `prepare` gives a sentence where there is nothing to ask.
   * @param {SmartTool} tool
   * @param {(mask: EditMask, volume: Volume) => Promise<string | Job>} prepare
   */
  async run(tool, prepare) {
    const { editor } = this;
    const mask = editor.free;
    const { volume } = editor.reading;
    if (!mask || !volume) return;
    if (!this.allowed) return this.say(SAY.forbidden);
    const slice = this.slice;
    this.begin(tool);
    const later = setTimeout(() => this.sayShare(), SAID_MS);
    try {
      const ready = await prepare(mask, volume);
      if (this.working !== tool || editor.mask !== mask) return;
      if (typeof ready === "string") return this.end(ready);
      const question = { job: ready.job, place: { low: ready.box.low, grid: mask.grid } };
      const answer = await this.asking.ask(tool, question, (share) => {
        this.share = share;
        if (this.saying) this.sayShare();
      });
      if (this.working !== tool || editor.mask !== mask) return;
      this.end("");
      if (!editor.ready) return;
      if (ready.plane) this.propose(ready.plane, slice.index, ready.box, answer);
      else this.finish(tool, ready.box, answer, slice);
    } catch (error) {
      if (error instanceof Stopped) return;
      this.end(
        `${WORDS[tool]} failed, nothing was changed: ${error instanceof Error ? error.message : error}`,
      );
    } finally {
      clearTimeout(later);
    }
  }

  /** @param {SmartTool} tool */
  begin(tool) {
    this.working = tool;
    this.share = 0;
    this.saying = false;
    this.say("");
  }

  /** @param {string} sentence */
  end(sentence) {
    this.working = null;
    this.saying = false;
    this.say(sentence);
  }

  sayShare() {
    if (!this.working) return;
    this.saying = true;
    this.say(`${WORDS[this.working]}: ${Math.round(100 * this.share)} %. Escape stops it.`);
  }

  /** @param {string} sentence */
  say(sentence) {
    this.editor.notice = sentence;
    this.editor.tell("edit");
  }

  /**
   * The answer becomes a step.
   * @param {SmartTool} tool
   * @param {Box} box
   * @param {Change | null} change
   * @param {Slice} slice
   */
  finish(tool, box, change, slice) {
    const { editor } = this;
    if (!change) return this.say(SAY.nothing);
    const isFlat = sizeOf(box)[slice.axis] === 1;
    editor.mask?.applyChange(change);
    editor.keep(change, tool, isFlat ? editor.reading.state.main : null, slice.index);
    if (tool === "smart-grow") this.marks.spend();
  }

  /**
   * @param {PlaneName} plane
   * @param {number} index
   * @param {Box} box
   * @param {Uint8Array[][]} sides
   */
  propose(plane, index, box, sides) {
    this.say(this.marks.propose(plane, index, box, sides) ? this.marks.sayProposals() : SAY.follow);
  }

  // -- ends --------------------------------------------------------------------------------------

  /** Escape: what is being worked on stops, else seeds and proposals go; true when there was something. */
  cancel() {
    if (this.working) {
      this.asking.stop();
      this.end("Stopped: nothing was changed.");
      return true;
    }
    const had = this.marks.drop();
    if (had) this.say("");
    return had;
  }

  /** The contour in hand is another one, or none. */
  drop() {
    this.asking.stop();
    this.working = null;
    this.marks.drop();
  }
}
