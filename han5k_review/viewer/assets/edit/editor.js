// @ts-check
// Editing one structure: the mask in hand, its steps back, the tool, and what the pointer does with it.

import { Advisor } from "./advisor.js";
import { placeOf, returnTo } from "./draft_place.js";
import { recoverStrokes } from "./draft_recovery.js";
import { contoursOf, findStart, sayStart, waitForContours } from "./draft_start.js";
import { EditMask } from "./edit_mask.js";
import { History } from "./patches.js";
import { Pointer } from "./pointer.js";
import { Prompts } from "./prompts.js";
import { DraftSession } from "./session.js";
import { SmartTools } from "./smart.js";
import { AsideStrokes } from "./strokes_aside.js";
import { StructureStates } from "./structure_states.js";
import { firstOptions, nextSize } from "./tools.js";

/** @import { Stage } from "../draw/stage.js" */
/** @import { Store } from "../net/kept_entries.js" */
/** @import { PlaneName } from "../pure/geometry.js" */
/** @import { WireMask } from "../pure/masks.js" */
/** @import { ViewerPayload } from "../pure/payload.js" */
/** @import { Reading } from "../reading.js" */
/** @import { Topic } from "../topics.js" */
/** @import { Change } from "./changes.js" */
/** @import { ToolOptions } from "./tools.js" */

/** @returns {Record<PlaneName, Set<number>>} slices of each plane on which something was drawn by hand */
const nothingDrawn = () => ({ axial: new Set(), sagittal: new Set(), coronal: new Set() });

export class Editor {
  /**
   * `reading`, `stage` and the mount's data; `tell(...what)` redraws; `submitted(name, answer, isGraded)`
   * shows a revision that was made here.
   * @param {object} parts
   * @param {ViewerPayload} parts.data
   * @param {Reading} parts.reading
   * @param {Stage} parts.stage
   * @param {Store | null} parts.store
   * @param {(...what: Topic[]) => void} parts.tell
   * @param {(name: string, answer: any, isGraded: boolean) => void} parts.submitted
   * @param {boolean} parts.readOnly
   */
  constructor({ data, reading, stage, store, tell, submitted, readOnly }) {
    this.data = data;
    this.reading = reading;
    this.stage = stage;
    this.tell = tell;
    this.submitted = submitted;
    this.readOnly = readOnly;
    this.begun = false;
    /** @type {EditMask | null} the contour in hand */
    this.mask = null;
    /** @type {WireMask | null} the contour under review */
    this.base = null;
    this.history = new History();
    this.drawn = nothingDrawn();
    /** What happened, in a sentence. */
    this.notice = "";
    /** @type {"discard" | "aside" | null} */
    this.asking = null;
    /** @type {Map<string, number>} structure -> the label version submitted here last */
    this.revised = new Map();
    this.options = firstOptions();
    this.session = new DraftSession(
      data,
      store,
      () => tell("edit"),
      (mask) => this.take(mask),
    );
    this.pointer = new Pointer(this);
    this.smart = new SmartTools(this);
    this.prompts = new Prompts(this);
    this.states = new StructureStates(this.session.drafts, () => tell("edit", "list"));
    this.aside = new AsideStrokes(this);
    this.advisor = new Advisor(reading, () => tell("edit"));
    if (!readOnly) recoverStrokes(this.session);
  }

  /** The CT's index and the contours under review are there: where the page asks for it, editing begins. */
  begin() {
    if (this.readOnly || this.begun || !this.reading.volume || !this.reading.masksOf(this.reading.reviewed))
      return;
    this.begun = true;
    this.states.refresh();
    if (this.data.start_editing) this.enter();
  }

  get active() {
    return this.mask !== null;
  }

  /** May the reader draw now? */
  get ready() {
    return this.active && this.session.state === "open" && !this.smart.working && !this.prompts.asking;
  }

  /** The contour, when a step may be done now; else null. */
  get free() {
    return this.ready && !this.pointer.stroke ? this.mask : null;
  }

  // -- in and out --------------------------------------------------------------------------------

  async enter(takeOver = false) {
    const name = this.reading.state.selected;
    if (this.readOnly || !name || this.session.state === "opening") return;
    const reviewed = contoursOf(this.reading) ?? (await waitForContours(this, name));
    if (!reviewed) return;
    this.notice = "";
    this.asking = null;
    if (this.states.isLocked(name)) await this.states.refresh();
    if (this.states.isLocked(name) || this.reading.state.selected !== name) return;
    const base = findStart(this, name);
    const opened = await this.session.open(name, takeOver, base, reviewed.get(name));
    // The server may know of a lock that came meanwhile.
    if (!opened && this.session.refusal === "locked") this.states.refresh();
    if (!opened) return;
    if (this.reading.state.selected !== name) {
      this.session.leave(null);
      return;
    }
    this.base = reviewed.get(name) ?? null;
    const mask = this.take(opened.mask);
    if (!mask) return;
    this.advisor.begin(mask, name);
    this.notice = sayStart(this, name, base, opened.base);
    this.prompts.refresh();
    this.tell("edit");
    this.states.refresh();
    this.history = History.of(opened.steps, mask.grid);
    if (opened.place && this.changes) returnTo(this.reading, opened.place);
  }

  /** Is there a step in the draft in hand? One that cannot be told from its journal counts as yes. */
  get changes() {
    const { done, undone } = this.history;
    return this.active && (done.length > 0 || (undone.length === 0 && this.session.version > 0));
  }

  /**
   * Goes on with this contour; steps back begin anew.
   * @param {WireMask | undefined} mask
   */
  take(mask) {
    const { volume } = this.reading;
    const { name } = this.session;
    if (!volume || name === null) return null;
    const inHand = new EditMask(volume.shape, volume.spacing, mask, this.base);
    this.mask = this.advisor.mask = inHand;
    this.smart.drop();
    this.prompts.drop();
    this.reading.draft = { name, mask: inHand, marks: this.smart.marks };
    this.history = new History();
    this.drawn = nothingDrawn();
    this.pointer.drop();
    this.changed();
    return inHand;
  }

  leave(release = true) {
    if (!this.active && this.session.state === "closed") return;
    this.pointer.finish();
    this.smart.drop();
    this.prompts.leave();
    const left = this.session.leave(placeOf(this), release);
    if (release) left.then(() => this.states.refresh()); // a draft in which nothing changed is gone
    this.notice = "";
    this.history = new History();
    this.mask = this.base = this.reading.draft = this.asking = null;
    this.advisor.end();
    this.pointer.drop();
    this.changed();
  }

  // -- one step ----------------------------------------------------------------------------------

  /**
   * What has been painted is a step: it can be taken back and goes to the server.
   * @param {string} tool
   * @param {PlaneName | null} plane
   */
  commit(tool, plane = null, index = 0) {
    const change = this.mask?.takeChange() ?? null;
    return this.keep(change, tool, plane, index);
  }

  /**
   * @param {Change | null} change what the contour has been changed by
   * @param {string} tool
   * @param {PlaneName | null} plane
   */
  keep(change, tool, plane, index = 0) {
    const { mask } = this;
    if (mask && change) {
      this.history.push(change);
      if (plane) this.drawn[plane].add(index);
      if (tool !== "smart-follow") this.smart.marks.outdate(plane, index);
      this.session.commit(change, tool, mask, placeOf(this));
    }
    this.changed();
    return change;
  }

  changed() {
    this.tell("edit");
    this.advisor.later();
    this.reading.change({}, "layers", "structure");
  }

  /** @param {"undo" | "redo"} which */
  back(which) {
    const mask = this.free;
    if (!mask) return;
    if (which === "undo" && (this.pointer.dropCorner() || this.smart.marks.dropSeed())) return;
    const change = this.history[which]();
    if (!change) return;
    this.notice = "";
    mask.applyChange(change);
    this.session.commit(change, which, mask, placeOf(this));
    if (which === "undo") this.smart.marks.restore();
    this.changed();
  }

  // -- options -----------------------------------------------------------------------------------

  /** @param {Partial<ToolOptions>} patch */
  set(patch) {
    if (patch.tool && patch.tool !== this.options.tool) this.pointer.dropOutline();
    Object.assign(this.options, patch);
    this.notice = "";
    this.tell("edit");
    this.pointer.again();
  }

  /** @param {number} step */
  resize(step) {
    this.set({ sizeMm: nextSize(this.options.sizeMm, step) });
  }

  close() {
    if (this.active) this.session.place = placeOf(this);
    this.session.close();
    this.smart.drop();
    this.prompts.leave();
    this.advisor.end();
    if (this.reading.draft) this.reading.draft = null;
  }
}
