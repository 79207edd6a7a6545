// @ts-check
// One case being read: what is chosen, where the crosshair is, how it is shown. No drawing here.
// Every change goes through `change(patch, ...what)`; the workspace hears it and draws once per frame.

import { BandShown } from "./band_shown.js";
import { DoseShown } from "./dose_shown.js";
import { OutlineCache } from "./draw/outlines.js";
import { WindowTable } from "./draw/window_table.js";
import { PlaneCameras } from "./plane_cameras.js";
import { storePreferences } from "./preferences.js";
import { nextUngraded, orderStructures, searchStructures } from "./pure/catalogue.js";
import { structureColours } from "./pure/colours.js";
import { filterStructures } from "./pure/filters.js";
import { clampVoxel, PLANES } from "./pure/geometry.js";
import { isEmpty, peakOf } from "./pure/masks.js";
import { windowNamed } from "./pure/windowing.js";
import { beginState } from "./reading_state.js";
import { SeenSlices } from "./seen_slices.js";
import { Profiles } from "./slice_profiles.js";

/** @import { Grades } from "./pure/catalogue.js" */
/** @import { CameraWish } from "./pure/cameras.js" */
/** @import { OpenCase } from "./net/cases.js" */
/** @import { Volume } from "./net/volume.js" */
/** @import { PlaneName, Triple } from "./pure/geometry.js" */
/** @import { Mask } from "./pure/masks.js" */
/** @import { ViewerPayload, ViewerWindow } from "./pure/payload.js" */
/** @import { ReadingState } from "./reading_state.js" */
/** @import { EditMask } from "./edit/edit_mask.js" */
/** @import { Topic } from "./topics.js" */

export class Reading {
  /**
   * @param {ViewerPayload} data
   * @param {OpenCase} opened
   * @param {(...what: Topic[]) => void} tell
   */
  constructor(data, opened, tell) {
    this.data = data;
    this.opened = opened;
    this.tell = tell;
    this.structures = data.structures;
    this.byName = new Map(data.structures.map((s) => [s.name, s]));
    this.cameras = new PlaneCameras();
    /** @type {Set<string>} */
    this.hidden = new Set();
    /** @type {Grades} those of the grader, by structure */
    this.grades = new Map(Object.entries(data.grades ?? {}));
    this.seen = new SeenSlices(0);
    this.scrolled = new SeenSlices(0);
    this.profiles = new Profiles(this);
    /** @type {{ name: string, mask: EditMask, marks: import("./edit/smart_marks.js").SmartMarks } | null} */
    this.draft = null;
    this.table = new WindowTable();
    this.lutVersion = 0;
    this.layersVersion = 0;
    this.state = beginState(data);
    this.colours = structureColours(this.structures, this.state.colourBlind);
    /** @type {OutlineCache | null} */
    this.outlines = null;
    this.dose = data.addresses.dose ? new DoseShown(this, data.addresses.dose) : null;
    this.band = Object.keys(data.bands).length ? new BandShown(this) : null;
    this.reviewed = data.label_sets[0]?.key ?? null;
    if (opened.volume) this.begin(opened.volume);
  }

  /**
   * @param {Partial<ReadingState>} patch
   * @param {Topic[]} what
   */
  change(patch, ...what) {
    Object.assign(this.state, patch);
    if (what.includes("layers")) this.layersVersion++;
    if (what.includes("preferences")) storePreferences(this.state);
    this.tell(...what);
  }

  get volume() {
    return this.opened.volume;
  }

  /**
   * The volume's index has come: begin where the reader stopped, else at the first open structure.
   * @param {Volume} volume
   */
  begin(volume) {
    this.outlines = new OutlineCache(volume);
    this.seen = new SeenSlices(volume.shape[2]);
    this.scrolled = new SeenSlices(volume.shape[2]);
    this.state.cursor = volume.shape.map((n) => Math.floor(n / 2));
    const open = () => nextUngraded(this.ordered(), this.ordered().at(-1)?.name, this.grades);
    const at = this.data.resume?.structure ?? "";
    this.choose((this.byName.has(at) ? at : null) ?? open() ?? this.ordered()[0]?.name ?? null);
    this.resumeSlice();
  }

  /** Where the reader stopped in the chosen structure. */
  resumeSlice() {
    const slice = this.data.resume?.slice ?? null;
    if (slice !== null) this.moveTo([this.state.cursor[0], this.state.cursor[1], slice]);
  }

  /** @param {string | null} key */
  masksOf(key) {
    return key === null ? undefined : this.opened.masks.get(key);
  }

  /**
   * A structure's mask; the one being edited stands in the place of that under review.
   * @param {string | null} [key]
   * @returns {Mask | null}
   */
  mask(name = this.state.selected, key = this.reviewed) {
    if (this.draft?.name === name && key === this.reviewed) return this.draft.mask;
    return (name !== null && this.masksOf(key)?.get(name)) || null;
  }

  ordered() {
    return orderStructures(this.structures, this.state.order);
  }

  /** Those of the filter, and the chosen one. */
  filtered() {
    const { filter, selected } = this.state;
    return filterStructures(this.ordered(), filter, this.grades, selected);
  }

  /** What the list shows; a search goes through all of them. */
  listed() {
    const { search } = this.state;
    return search ? searchStructures(this.ordered(), search) : this.filtered();
  }

  recolour() {
    this.colours = structureColours(this.structures, this.state.colourBlind);
  }

  /** @param {Triple} ijk */
  moveTo(ijk) {
    if (!this.volume) return;
    const cursor = clampVoxel(ijk, this.volume.shape);
    const slice = cursor[2];
    if (slice !== this.volume.wanted) this.opened.want(slice);
    this.change({ cursor }, "cursor");
    this.cameras.follow(cursor, this.volume);
    this.markSeen();
  }

  /**
   * @param {PlaneName} plane
   * @param {number} slices
   */
  step(plane, slices) {
    const { through } = PLANES[plane];
    const cursor = [...this.state.cursor];
    cursor[through] += slices;
    this.moveTo(cursor);
  }

  markSeen() {
    const { selected, cursor } = this.state;
    if (selected && this.volume?.slabAt(cursor[2]).bytes) this.seen.mark(selected, cursor[2]);
  }

  /**
   * @param {PlaneName} plane
   * @param {CameraWish | null} camera
   */
  setCamera(plane, camera) {
    this.cameras.set(plane, camera);
    this.change({}, "camera");
  }

  /** @param {string | null} name */
  choose(name) {
    const structure = name !== null && this.byName.get(name);
    if (!structure) return;
    const { locked } = this.state;
    const follows = !locked && (this.state.follow || name !== this.state.selected);
    this.change({ selected: name, follow: !locked, pendingCentre: true }, "layers", "structure", "list");
    if (follows) this.setWindow(windowNamed(this.data.windows, structure.window), true);
    this.centre();
  }

  /** Go to the chosen structure; waits for its label set when that is still on its way. */
  centre() {
    const masks = this.masksOf(this.reviewed);
    if (!masks || !this.volume) return;
    this.state.pendingCentre = false;
    const right = this.data.choice && isEmpty(this.mask());
    const mask = right ? this.mask(undefined, this.state.compare) : this.mask();
    if (isEmpty(mask)) return this.moveTo(this.state.cursor);
    if (this.state.autoZoom) {
      this.cameras.zoomTo(mask, this.volume);
      this.change({}, "camera");
    }
    return this.moveTo(mask.centre ?? mask.start.map((s, axis) => s + mask.shape[axis] / 2));
  }

  /** @param {ViewerWindow} window */
  setWindow(window, follow = false) {
    this.lutVersion++;
    this.change({ window, follow }, "window");
  }

  /** The grey of every HU, by the window in use. */
  get lut() {
    return this.table.of(this.state.window);
  }

  /** @param {string} name */
  isShown(name) {
    const { selected, solo, outlines } = this.state;
    if (name === selected) return !this.hidden.has(name);
    return outlines && !solo && !this.hidden.has(name);
  }

  /** @param {string} name */
  toggleShown(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.change({}, "layers", "list");
  }

  goToLargestDifference() {
    const profile = this.profiles.difference();
    const k = profile && peakOf(profile);
    if (k !== null) this.moveTo([this.state.cursor[0], this.state.cursor[1], k]);
  }

  /** The mount's label sets have changed: a set that is gone is no longer compared with. */
  setsChanged() {
    const { compare, layout } = this.state;
    const gone = compare !== null && !this.data.label_sets.some((set) => set.key === compare);
    const patch = { compare: null, difference: false, layout: layout === "pair" ? "three" : layout };
    this.change(gone ? patch : {}, "layers", "structure", "layout");
  }

  /** @param {string} key */
  masksArrived(key) {
    this.outlines?.forget(key);
    this.profiles.forget();
    this.change({}, "layers", "list", "structure");
    if (key === this.reviewed && this.state.pendingCentre) {
      this.centre();
      if (this.data.resume?.structure === this.state.selected) this.resumeSlice();
    }
  }
}
