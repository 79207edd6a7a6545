// Editing one structure: the mask in hand, its steps back, the tool, and what the pointer does with it.

import { PLANES } from "../pure/geometry.js";
import { Advisor } from "./advisor.js";
import { AsideStrokes } from "./aside.js";
import { EditMask } from "./edit_mask.js";
import { History } from "./patches.js";
import { Pointer } from "./pointer.js";
import { DraftSession } from "./session.js";
import { applySliceTool } from "./slice_tools.js";
import { StructureStates } from "./structure_states.js";
import { huLimit, huRange, nextSize } from "./tools.js";

export class Editor {
  /**
   * `reading`, `stage` and the mount's data; `tell(...what)` redraws; `submitted(name, labelVersion)`
   * shows a revision that was made here.
   */
  constructor({ data, reading, stage, store, tell, submitted, readOnly }) {
    Object.assign(this, {
      data,
      reading,
      stage,
      tell,
      submitted,
      readOnly,
      mask: null,
      base: null,
      notice: "",
      asking: null,
    });
    this.revised = new Map();
    this.options = {
      tool: "brush",
      sizeMm: 10,
      ball: false,
      huLimited: false,
      hu: [-50, 150],
      whole: false,
      mm: 1,
    };
    this.session = new DraftSession(
      data,
      store,
      () => tell("edit"),
      (mask) => this.take(mask),
    );
    this.pointer = new Pointer(this);
    this.standing = new StructureStates(this.session.drafts, () => tell("edit", "list"));
    this.aside = new AsideStrokes(this);
    this.advisor = new Advisor(reading, () => tell("edit"));
    if (!readOnly) this.session.recover();
  }

  /** The CT's index and the contours under review are there: where the page asks for it, editing begins. */
  begin() {
    if (this.readOnly || this.begun || !this.reading.volume || !this.reading.masksOf(this.reading.reviewed))
      return;
    this.begun = true;
    this.standing.refresh();
    if (this.data.start_editing) this.enter();
  }

  get active() {
    return this.mask !== null;
  }

  /** May the reader draw now? */
  get ready() {
    return this.active && this.session.state === "open";
  }

  // -- in and out --------------------------------------------------------------------------------

  async enter(takeOver = false) {
    const name = this.reading.state.selected;
    const reviewed = this.reading.masksOf(this.reading.reviewed);
    if (this.readOnly || !name || !this.reading.volume || !reviewed || this.session.state === "opening")
      return;
    this.notice = "";
    this.asking = null;
    if (this.standing.isLocked(name)) await this.standing.refresh();
    if (this.standing.isLocked(name) || this.reading.state.selected !== name) return;
    const base = this.baseOf(name);
    const opened = await this.session.open(name, takeOver, base);
    if (!opened) return this.sayLocked();
    if (this.reading.state.selected !== name) {
      this.session.leave(null);
      return;
    }
    this.base = reviewed.get(name) ?? null;
    this.take(opened.mask);
    this.advisor.begin(this.mask, name);
    this.sayBase(name, base, opened.base);
    this.standing.refresh();
    if (opened.place && this.mask.figures().vrd !== 0) this.reading.moveTo(opened.place.at);
  }

  /** Where a new draft starts: the revision made last, the page's wish, or null (under review). */
  baseOf(name) {
    const wish = name === this.data.resume?.structure ? this.data.edit_base : null;
    const own = this.reading.masksOf("o")?.get(name)?.label_version;
    return this.revised.get(name) ?? wish ?? own ?? null;
  }

  sayBase(name, wanted, found) {
    const reviewed = this.reading.byName.get(name).label_version;
    if (wanted !== null && wanted !== found)
      this.notice =
        "A draft was open already and goes on; it does not start from the revision that was chosen. Discard it to start there.";
    else if (found !== reviewed)
      this.notice = "This draft starts from a revision; Revert brings back the contour under review.";
    this.tell("edit");
  }

  /** The server refused to open the draft: it may know of a lock that came meanwhile. */
  sayLocked() {
    if (this.session.refusal === "locked") this.standing.refresh();
  }

  /** Goes on with this contour; steps back begin anew. */
  take(mask) {
    const { shape, spacing } = this.reading.volume;
    this.mask = new EditMask(shape, spacing, mask, this.base);
    this.history = new History();
    this.drawn = { axial: new Set(), sagittal: new Set(), coronal: new Set() };
    this.pointer.drop();
    this.reading.draft = { name: this.session.name, mask: this.mask };
    this.advisor.mask = this.mask;
    this.changed();
  }

  leave(release = true) {
    if (!this.active && this.session.state === "closed") return;
    this.pointer.finish();
    this.session.leave(this.place, release);
    this.mask = this.base = this.reading.draft = this.asking = null;
    this.advisor.end();
    this.pointer.drop();
    this.changed();
  }

  toggle() {
    if (this.active || this.session.state !== "closed") this.leave();
    else this.enter();
  }

  get place() {
    return { plane: this.reading.state.main, at: this.reading.state.cursor };
  }

  // -- one step ----------------------------------------------------------------------------------

  /** What has been painted is a step: it can be taken back and goes to the server. */
  commit(tool, plane = null, index = 0) {
    const change = this.mask.takeChange();
    if (change) {
      this.history.push(change);
      if (plane) this.drawn[plane].add(index);
      this.session.commit(change, tool, this.mask, this.place);
    }
    this.changed();
    return change;
  }

  changed() {
    this.tell("edit");
    this.advisor.later();
    this.reading.change({}, "layers", "structure");
  }

  back(which) {
    if (!this.ready || this.pointer.stroke) return;
    if (which === "undo" && this.pointer.dropCorner()) return;
    const change = this.history[which]();
    if (!change) return;
    this.mask.applyChange(change);
    this.session.commit(change, which, this.mask, this.place);
    this.changed();
  }

  /** A tool that works at once on the slice of the large view, or on the whole structure. */
  apply(tool) {
    if (!this.ready || this.pointer.stroke) return;
    const { main, cursor } = this.reading.state;
    const { through } = PLANES[main];
    const index = cursor[through];
    const where = this.options.whole ? null : { plane: main, index };
    const task = { plane: main, index, where, drawn: this.drawn[main], mm: this.options.mm };
    this.notice = applySliceTool(this.mask, tool, task);
    const change = this.commit(tool, where ? main : null, index);
    if (!change && !this.notice) this.notice = "Nothing changed here.";
  }

  // -- options -----------------------------------------------------------------------------------

  set(patch) {
    if (patch.tool && patch.tool !== this.options.tool) this.pointer.dropOutline();
    Object.assign(this.options, patch);
    this.notice = "";
    this.tell("edit");
    this.pointer.again();
  }

  resize(step) {
    this.set({ sizeMm: nextSize(this.options.sizeMm, step) });
  }

  /** Limit the brush to the HU that the contour has now. */
  limit() {
    const huLimited = !this.options.huLimited;
    const found =
      huLimited && this.active ? huRange(this.mask, (...ijk) => this.reading.volume.hu(...ijk)) : null;
    this.set({ huLimited, hu: found ?? this.options.hu });
  }

  allowed() {
    return huLimit(this.options, this.reading.volume);
  }

  // -- done --------------------------------------------------------------------------------------

  async submit(confirmed = false) {
    if (!this.ready || this.pointer.stroke) return;
    const { name } = this.session;
    const answer = await this.session.submit(confirmed);
    if (!answer) return;
    this.leave(false);
    const vrd = answer.vrd === null ? "" : `, VRD ${(100 * answer.vrd).toFixed(1)} %`;
    this.notice = `Revision of ${name} submitted${vrd}, ${answer.slices_edited} slices edited.`;
    this.tell("edit");
    this.revised.set(name, answer.label_version);
    this.standing.refresh();
    this.submitted(name, answer.label_version);
  }

  async discard() {
    if (!(await this.session.discard())) return this.tell("edit");
    this.leave(false);
    this.notice = "The draft was discarded.";
    this.standing.refresh();
    return this.tell("edit");
  }

  close() {
    this.session.close();
    this.advisor.end();
    if (this.reading.draft) this.reading.draft = null;
  }
}
