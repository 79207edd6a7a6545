// The workspace of one case: panels around the stage, keys, and one drawing per frame.

import { offerLeft } from "./edit/open_drafts.js";
import { Grader } from "./grader.js";
import { prefetchCase, takeCase } from "./net/cases.js";
import { PositionKeeper } from "./position.js";
import { Reading } from "./reading.js";
import { markScrolled } from "./seen_slices.js";
import { furnish } from "./workspace_parts.js";

const PANELS_OF = {
  list: ["list", "structure", "layers", "grades"],
  gradePanel: ["structure", "grades", "save"],
  editPanel: ["edit", "structure"],
  display: ["layers", "structure", "window", "layout"],
  toolbar: ["layout", "tool", "camera", "layers", "preferences"],
  bar: ["cursor", "layers", "structure", "grades", "size", "progress"],
  header: ["grades", "save", "list"],
  unsaved: ["save", "edit", "list"],
  solidPane: ["structure", "layers"],
};

export class Workspace {
  constructor(data, trigger) {
    this.data = data = { ...data };
    this.trigger = trigger;
    this.began = performance.now();
    performance.mark("han5k-mount");
    this.dirty = new Set(Object.values(PANELS_OF).flat());
    this.lost = this.expired = this.closed = false;
    const tell = (...what) => this.redraw(...what);
    this.opened = takeCase(data);
    this.reading = new Reading(data, this.opened, tell);
    this.grader = new Grader(data, tell, trigger);
    this.reading.grades = this.grader.grades;
    this.position = new PositionKeeper(data);
    furnish(this);
    this.stopListening = this.opened.listen((kind, detail) => this.hear(kind, detail));
    if (this.opened.volume) this.stage.arrange();
    this.beginEditing();
    this.prefetchNext();
    this.redraw("layout");
  }

  /** Once CT and contours are there; an edit that was left open is offered back. */
  beginEditing() {
    if (this.editor.begun) return;
    this.editor.begin();
    if (this.editor.begun) offerLeft(this);
  }

  /** After a click on a button the keys belong to the picture again. */
  giveFocusBack(event) {
    const [target] = event.composedPath();
    if (target.closest?.("button") && !target.closest("dialog")) this.stage.focus();
  }

  act(action, argument) {
    this.touch();
    this.actions[action]?.(argument);
  }

  touch() {
    this.grader.clock.touch(this.reading.state.selected, Date.now());
    this.editor.session.clock.touch(this.editor.session.name, Date.now());
  }

  hear(kind, detail) {
    if (kind === "volume") {
      this.reading.begin(detail);
      this.stage.arrange();
      if (detail.index.oblique)
        this.say(
          "This CT is oblique to the patient's axes: it is shown in its own axes, see the side letters.",
        );
      this.beginEditing();
    } else if (kind === "masks") {
      this.reading.masksArrived(detail);
      this.beginEditing();
    } else if (kind === "network") this.lost = detail;
    else if (kind === "expired") this.expired = detail;
    else if (kind === "broken") this.say(`${detail.what} could not be opened. ${detail.error.message}`);
    else if (kind === "slab") {
      this.reading.markSeen();
      if (detail.state !== "ready")
        this.say(
          `Slices ${detail.first + 1} to ${detail.first + detail.slices} are not shown. ${detail.reason}`,
          true,
        );
      this.prefetchNext();
    }
    this.redraw("progress", "picture");
  }

  /** Once this case is whole the next one may come. */
  prefetchNext() {
    if (this.opened.volume?.progress().waiting === 0) prefetchCase(this.data);
  }

  /** The page or the server names other label sets for this case: what is new is fetched. */
  takeSets(sets, again = false) {
    this.data.label_sets = sets;
    this.reading.setsChanged();
    return this.opened.expect(again ? sets.slice(1) : sets, again);
  }

  say(sentence, again = false) {
    this.banner.say(sentence, again);
  }

  /** Ask once more for what did not come whole. */
  tryAgain() {
    this.opened.volume.retry();
    this.redraw("progress");
  }

  redraw(...what) {
    for (const one of what) this.dirty.add(one);
    if (this.frame === undefined && !this.closed) this.frame = requestAnimationFrame(() => this.draw());
  }

  draw() {
    const began = performance.now();
    this.frame = undefined;
    const { dirty } = this;
    this.dirty = new Set();
    if (this.editor.active && this.editor.session.name !== this.reading.state.selected) this.editor.leave();
    if (dirty.has("layout")) this.stage.arrange();
    if (dirty.has("layout") || dirty.has("size")) {
      this.stage.resize();
      this.bar.resize();
    }
    if (this.stage.draw()) this.redraw("picture");
    markScrolled(this.reading, this.stage);
    for (const [panel, wants] of Object.entries(PANELS_OF)) {
      if (wants.some((one) => dirty.has(one))) this[panel].update();
    }
    if (dirty.has("cursor")) this.gradePanel.updateFlag();
    this.header.sayLoading(this.reading.volume, this);
    const { selected, cursor } = this.reading.state;
    if (dirty.has("cursor") && this.reading.volume && !this.reading.state.pendingCentre)
      this.position.note(selected, cursor[2]);
    this.measure(began);
  }

  /** Times for the benchmark and the tests, on the root element. */
  measure(began) {
    const { dataset } = this.root;
    dataset.drawMs = (performance.now() - began).toFixed(2);
    if (dataset.chosen !== (this.reading.state.selected ?? ""))
      dataset.chosen = this.reading.state.selected ?? "";
    this.sight.drawn(this.reading, this.stage);
    if (!this.stage.shown) return;
    if (!dataset.firstSliceMs) dataset.firstSliceMs = (performance.now() - this.began).toFixed(1);
    const { total, ready } = this.reading.volume.progress();
    if (dataset.loaded !== `${ready}/${total}`) dataset.loaded = `${ready}/${total}`;
  }

  /** The page's next case: what is noted goes first. */
  async leave() {
    if (!(await this.settling.mayLeaveCase())) return;
    this.grader.amend(this.reading.state.selected);
    this.position.send();
    this.trigger("next_case");
  }

  pause() {
    this.grader.clock.pause();
    this.editor.session.clock.pause();
  }

  wake() {
    this.grader.queue.flush(true);
    this.editor.session.queue.flush(true);
    this.grader.refresh();
    if (!this.editor.readOnly) this.editor.states.wake();
  }

  close() {
    this.closed = true;
    cancelAnimationFrame(this.frame);
    this.position.send();
    this.sizes.disconnect();
    this.stopListening();
    this.sight.close();
    this.openDrafts.close();
    this.grader.close();
    this.editor.close();
    this.reading.dose?.close();
    this.root.remove();
  }
}
