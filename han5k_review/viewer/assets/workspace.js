// @ts-check
// The workspace of one case: panels around the stage, keys, and one drawing per frame.

import { buildActions } from "./actions.js";
import { offerLeft } from "./edit/open_drafts.js";
import { Grader } from "./grader.js";
import { prefetchCase, takeCase } from "./net/cases.js";
import { arrangePage } from "./page_layout.js";
import { DecisionPanel } from "./panels/decision_panel.js";
import { PositionKeeper } from "./position.js";
import { Reading } from "./reading.js";
import { markScrolled } from "./seen_slices.js";
import { PANELS, PANELS_OF } from "./topics.js";
import { buildParts } from "./workspace_parts.js";

/** @import { CaseNews } from "./net/cases.js" */
/** @import { LabelSet, ViewerPayload } from "./pure/payload.js" */
/** @import { Trigger } from "./grader.js" */
/** @import { Topic } from "./topics.js" */
/** @import { Tell } from "./workspace_parts.js" */

const LOOKING = /^(slices?-(up|down)|(first|last)-slice)$/;

export class Workspace {
  /**
   * @param {ViewerPayload} data
   * @param {Trigger} trigger
   */
  constructor(data, trigger) {
    this.data = data = { ...data };
    this.trigger = trigger;
    this.began = performance.now();
    performance.mark("han5k-mount");
    /** @type {Set<Topic>} */
    this.dirty = new Set(Object.values(PANELS_OF).flat());
    /** @type {number | undefined} the frame that was asked for */
    this.frame = undefined;
    this.lost = this.expired = this.closed = false;
    /** @type {Tell} */
    const tell = (...what) => this.redraw(...what);
    this.opened = takeCase(data);
    this.reading = new Reading(data, this.opened, tell);
    this.grader = new Grader(data, tell, trigger);
    this.reading.grades = this.grader.grades;
    this.position = new PositionKeeper(data);
    const parts = buildParts(this);
    this.keyboard = parts.keyboard;
    this.stage = parts.stage;
    this.editor = parts.editor;
    this.settling = parts.settling;
    this.openDrafts = parts.openDrafts;
    this.question = parts.question;
    this.sight = parts.sight;
    this.list = parts.list;
    this.gradePanel = parts.gradePanel;
    this.editPanel = parts.editPanel;
    this.combine = parts.combine;
    this.display = parts.display;
    this.toolbar = parts.toolbar;
    this.bar = parts.bar;
    this.header = parts.header;
    this.unsaved = parts.unsaved;
    this.solidPane = parts.solidPane;
    this.help = parts.help;
    this.banner = parts.banner;
    this.actions = buildActions(this);
    this.decision = data.decision ? new DecisionPanel(this, data.decision) : null;
    this.root = arrangePage(this);
    this.root.addEventListener("pointerup", (event) => this.giveFocusBack(event));
    this.sizes = new ResizeObserver(() => this.redraw("size"));
    this.sizes.observe(this.stage.root);
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

  /**
   * After a click on a button the keys belong to the picture again.
   * @param {PointerEvent} event
   */
  giveFocusBack(event) {
    const [target] = event.composedPath();
    if (!(target instanceof Element)) return;
    if (target.closest("button") && !target.closest("dialog")) this.stage.focus();
  }

  /**
   * @param {string} action
   * @param {any} [argument]
   */
  act(action, argument) {
    this.touch();
    this.banner.pass();
    if (!LOOKING.test(action)) this.question.giveWay();
    this.actions[action]?.(argument);
  }

  touch() {
    this.grader.clock.touch(this.reading.state.selected, Date.now());
    this.editor.session.clock.touch(this.editor.session.name, Date.now());
  }

  /**
   * @param {CaseNews} kind
   * @param {any} detail
   */
  hear(kind, detail) {
    if (kind === "volume") {
      this.reading.begin(detail);
      this.stage.arrange();
      if (detail.index.oblique)
        this.banner.say(
          "This CT is oblique to the patient's axes: it is shown in its own axes, see the side letters.",
          { stays: true },
        );
      this.beginEditing();
    } else if (kind === "masks") {
      this.reading.masksArrived(detail);
      this.beginEditing();
    } else if (kind === "network") this.lost = detail;
    else if (kind === "expired") this.expired = detail;
    else if (kind === "broken")
      this.banner.say(`${detail.what} could not be opened. ${detail.error.message}`, { stays: true });
    else if (kind === "slab") {
      this.reading.markSeen();
      if (detail.state !== "ready")
        this.banner.say(
          `Slices ${detail.first + 1} to ${detail.first + detail.slices} are not shown. ${detail.reason}`,
          { again: true },
        );
      this.prefetchNext();
    }
    this.redraw("progress", "picture");
  }

  /** Once this case is whole the next one may come. */
  prefetchNext() {
    if (this.opened.volume?.progress().waiting === 0) prefetchCase(this.data);
  }

  /**
   * The page or the server names other label sets for this case: what is new is fetched.
   * @param {LabelSet[]} sets
   */
  takeSets(sets, again = false) {
    this.data.label_sets = sets;
    this.reading.setsChanged();
    return this.opened.expect(again ? sets.slice(1) : sets, again);
  }

  /**
   * A notice, which goes with the next key.
   * @param {string} sentence
   */
  say(sentence) {
    this.banner.say(sentence);
  }

  /** Ask once more for what did not come whole. */
  tryAgain() {
    this.opened.volume?.retry();
    this.redraw("progress");
  }

  /** @param {Topic[]} what */
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
    for (const panel of PANELS) {
      if (PANELS_OF[panel].some((one) => dirty.has(one))) this[panel].update();
    }
    if (dirty.has("cursor")) this.gradePanel.updateFlag();
    this.header.sayLoading(this.reading.volume, this);
    const { selected, cursor } = this.reading.state;
    if (dirty.has("cursor") && this.reading.volume && !this.reading.state.pendingCentre)
      this.position.note(selected, cursor[2]);
    this.measure(began);
  }

  /**
   * Times for the benchmark and the tests, on the root element.
   * @param {number} began
   */
  measure(began) {
    const { dataset } = this.root;
    dataset.drawMs = (performance.now() - began).toFixed(2);
    const { volume, state } = this.reading;
    if (dataset.chosen !== (state.selected ?? "")) dataset.chosen = state.selected ?? "";
    this.sight.drawn(this.reading, this.stage);
    if (!this.stage.shown || !volume) return;
    if (!dataset.firstSliceMs) dataset.firstSliceMs = (performance.now() - this.began).toFixed(1);
    const { total, ready } = volume.progress();
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
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.position.send();
    this.sizes.disconnect();
    this.stopListening();
    const { sight, openDrafts, grader, editor, reading } = this;
    for (const part of [sight, openDrafts, grader, editor, reading.dose, reading.band]) part?.close();
    this.root.remove();
  }
}
