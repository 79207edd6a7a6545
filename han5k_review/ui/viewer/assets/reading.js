// One case being read: what is chosen, where the crosshair is, how it is shown. No drawing here.
//
// Every change goes through `change(patch, ...what)`; the workspace hears it and draws once per frame.

import { OutlineCache } from "./draw/outlines.js";
import { preferences, storePreferences } from "./preferences.js";
import { Profiles } from "./profiles.js";
import { followPoint } from "./pure/cameras.js";
import { nextUngraded, orderStructures, searchStructures } from "./pure/catalogue.js";
import { structureColours } from "./pure/colours.js";
import { clampVoxel, PLANES, planeSize, voxelToPlane } from "./pure/geometry.js";
import { extentOf, isEmpty, peakOf } from "./pure/masks.js";
import { buildLut, windowNamed } from "./pure/windowing.js";

export class Reading {
  constructor(data, opened, tell) {
    this.data = data;
    this.opened = opened;
    this.tell = tell;
    this.structures = data.structures;
    this.byName = new Map(data.structures.map((s) => [s.name, s]));
    this.cameras = { axial: null, sagittal: null, coronal: null };
    this.hidden = new Set();
    this.seen = new Map();
    this.profiles = new Profiles(this);
    this.draft = null;
    this.table = new Uint32Array(65536);
    this.tableOf = null;
    this.lutVersion = 0;
    this.layersVersion = 0;
    this.seenVersion = 0;
    this.state = {
      ...preferences(),
      selected: null,
      cursor: [0, 0, 0],
      search: "",
      solo: false,
      compare: null,
      difference: false,
      tool: "crosshair",
      window: null,
      follow: true,
      pendingCentre: true,
    };
    if (data.label_sets.slice(1).some((set) => set.key === data.compare)) this.state.compare = data.compare;
    if (this.state.compare && data.side_by_side) this.state.layout = "pair";
    this.recolour();
    this.reviewed = data.label_sets[0]?.key ?? null;
    if (opened.volume) this.begin(opened.volume);
  }

  change(patch, ...what) {
    Object.assign(this.state, patch);
    if (what.includes("layers")) this.layersVersion++;
    if (what.includes("preferences")) storePreferences(this.state);
    this.tell(...what);
  }

  get volume() {
    return this.opened.volume;
  }

  /** The volume's index has come: begin where the reader stopped, else at the first open structure. */
  begin(volume) {
    this.outlines = new OutlineCache(volume);
    this.state.cursor = volume.shape.map((n) => Math.floor(n / 2));
    const resume = this.data.resume;
    const grades = new Map(Object.entries(this.data.grades ?? {}));
    const first = this.byName.has(resume?.structure)
      ? resume.structure
      : (nextUngraded(this.ordered(), this.ordered().at(-1)?.name, grades) ?? this.ordered()[0]?.name);
    this.choose(first ?? null);
    if (Number.isInteger(resume?.slice)) {
      this.moveTo([this.state.cursor[0], this.state.cursor[1], resume.slice]);
    }
  }

  masksOf(key) {
    return this.opened.masks.get(key);
  }

  /** A structure's mask; the one being edited stands in the place of that under review. */
  mask(name = this.state.selected, key = this.reviewed) {
    if (this.draft?.name === name && key === this.reviewed) return this.draft.mask;
    return this.masksOf(key)?.get(name) ?? null;
  }

  ordered() {
    return orderStructures(this.structures, this.state.order);
  }

  listed() {
    return searchStructures(this.ordered(), this.state.search);
  }

  recolour() {
    this.colours = structureColours(this.structures, this.state.colourBlind);
  }

  // -- where ---------------------------------------------------------------------------------

  moveTo(ijk) {
    if (!this.volume) return;
    const cursor = clampVoxel(ijk, this.volume.shape);
    const slice = cursor[2];
    if (slice !== this.volume.wanted) this.opened.want(slice);
    this.change({ cursor }, "cursor");
    this.keepInView();
    this.markSeen();
  }

  step(plane, slices) {
    const { through } = PLANES[plane];
    const cursor = [...this.state.cursor];
    cursor[through] += slices;
    this.moveTo(cursor);
  }

  markSeen() {
    const { selected, cursor } = this.state;
    if (!selected || !this.volume.slabAt(cursor[2]).bytes) return;
    if (!this.seen.has(selected)) this.seen.set(selected, new Uint8Array(this.volume.shape[2]));
    const seen = this.seen.get(selected);
    if (!seen[cursor[2]]) this.seenVersion++;
    seen[cursor[2]] = 1;
  }

  /** A zoomed view follows the crosshair when it leaves the middle of it. */
  keepInView() {
    const { shape, spacing } = this.volume;
    for (const plane of Object.keys(PLANES)) {
      const camera = this.cameras[plane];
      if (camera)
        this.cameras[plane] = followPoint(camera, voxelToPlane(plane, this.state.cursor, shape, spacing));
    }
  }

  setCamera(plane, camera) {
    this.cameras[plane] = camera;
    this.change({}, "camera");
  }

  // -- which structure -----------------------------------------------------------------------

  choose(name) {
    if (name === null) return;
    const structure = this.byName.get(name);
    const follows = this.state.follow || name !== this.state.selected;
    this.change({ selected: name, follow: true, pendingCentre: true }, "layers", "structure", "list");
    if (follows || !this.state.window) this.setWindow(windowNamed(this.data.windows, structure.window), true);
    this.centre();
  }

  /** Go to the chosen structure; waits for its label set when that is still on its way. */
  centre() {
    const masks = this.masksOf(this.reviewed);
    if (!masks || !this.volume) return;
    this.state.pendingCentre = false;
    const mask = this.mask();
    if (isEmpty(mask)) return this.moveTo(this.state.cursor);
    if (this.state.autoZoom) this.zoomTo(mask);
    return this.moveTo(mask.centre ?? mask.start.map((s, axis) => s + mask.shape[axis] / 2));
  }

  zoomTo(mask) {
    const { shape, spacing } = this.volume;
    const middle = mask.start.map((s, axis) => s + (mask.shape[axis] - 1) / 2);
    for (const plane of Object.keys(PLANES)) {
      const { column, row } = PLANES[plane];
      const size = planeSize(plane, shape, spacing);
      const longest = Math.max(mask.shape[column] * spacing[column], mask.shape[row] * spacing[row]);
      const field = Math.max(110, longest * 2);
      const whole = field >= Math.min(size.widthMm, size.heightMm);
      this.cameras[plane] = whole ? null : { ...voxelToPlane(plane, middle, shape, spacing), field };
    }
    this.change({}, "camera");
  }

  // -- how -----------------------------------------------------------------------------------

  setWindow(window, follow = false) {
    this.lutVersion++;
    this.change({ window, follow }, "window");
  }

  /** The window's table, built when a picture needs it and not at every move of a drag. */
  get lut() {
    const { window } = this.state;
    if (this.tableOf !== window) buildLut(window.centre_hu, window.width_hu, this.table);
    this.tableOf = window;
    return this.table;
  }

  isShown(name) {
    const { selected, solo, outlines } = this.state;
    if (name === selected) return !this.hidden.has(name);
    return outlines && !solo && !this.hidden.has(name);
  }

  toggleShown(name) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    this.change({}, "layers", "list");
  }

  /** Voxels per axial slice of the chosen structure, for the slice bar. */
  profile(name, key) {
    return this.profiles.area(name, key);
  }

  difference(name) {
    return this.profiles.difference(name);
  }

  extent() {
    const profile = this.profile();
    return profile && extentOf(profile);
  }

  goToLargestDifference() {
    const profile = this.difference();
    const k = profile && peakOf(profile);
    if (k !== null) this.moveTo([this.state.cursor[0], this.state.cursor[1], k]);
    return k;
  }

  /** The mount's label sets have changed: a set that is gone is no longer compared with. */
  setsChanged() {
    const { compare, layout } = this.state;
    const gone = compare !== null && !this.data.label_sets.some((set) => set.key === compare);
    this.change(
      gone ? { compare: null, difference: false, layout: layout === "pair" ? "three" : layout } : {},
      "layers",
      "structure",
      "layout",
    );
  }

  masksArrived(key) {
    this.outlines?.forget(key);
    this.profiles.forget();
    this.change({}, "layers", "list", "structure");
    if (key === this.reviewed && this.state.pendingCentre) {
      const resume = this.data.resume;
      const resumes = Number.isInteger(resume?.slice) && resume.structure === this.state.selected;
      this.centre();
      if (resumes) this.moveTo([this.state.cursor[0], this.state.cursor[1], resume.slice]);
    }
  }
}
