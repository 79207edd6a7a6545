// @ts-check
// What each action of the key table does. Keys, buttons and tests all go through `act`.

import { keepPair } from "./choice.js";
import { keepDrawing } from "./drawing.js";
import { buildEditActions } from "./edit/edit_actions.js";
import { shortKey } from "./keyboard.js";
import { acceptRest, chooseFilter } from "./list_actions.js";
import { nextUngraded, ORDERS, stepFrom } from "./pure/catalogue.js";
import { PLANE_NAMES } from "./pure/geometry.js";
import { KEYMAP } from "./pure/keymap.js";
import { nextWindow, windowNamed } from "./pure/windowing.js";
import { signRead } from "./signing.js";

const LAYOUTS = ["three", "one"];
/**
 * @template Item
 * @param {readonly Item[]} list
 * @param {Item} item
 */
const after = (list, item) => list[(list.indexOf(item) + 1) % list.length];

/** @import { PlaneName } from "./pure/geometry.js" */
/** @import { ReadingState } from "./reading_state.js" */
/** @import { Topic } from "./topics.js" */
/** @import { Workspace } from "./workspace.js" */

/**
 * action -> what it does; `choose(name, then)` goes to a structure.
 * @typedef {Record<string, (argument?: any) => unknown>
 *   & { choose: (name: string | null, then?: () => void) => void }} Actions
 */

/**
 * Without what does not belong to this kind of read.
 * @param {Workspace} workspace
 * @param {Actions} actions
 */
const keepOnly = (workspace, actions) => keepDrawing(workspace, keepPair(workspace, actions));

/**
 * @param {Workspace} workspace
 * @returns {Actions}
 */
export function buildActions(workspace) {
  const { reading, grader } = workspace;
  const { state } = reading;
  /**
   * @param {Partial<ReadingState>} patch
   * @param {Topic[]} what
   */
  const set = (patch, ...what) => reading.change(patch, ...what);
  /**
   * `then()` once it is chosen; an edit that is not submitted is asked about first.
   * @param {string | null} name
   */
  const choose = (name, then = () => {}) => {
    if (name === state.selected) then();
    if (name === null || name === state.selected) return;
    workspace.settling.leaveStructure(() => {
      grader.amend(state.selected);
      reading.choose(name);
      workspace.sight.look();
      then();
    });
  };
  /** @param {number} slices */
  const step = (slices) => reading.step(state.main, slices);
  /** @param {"first" | "last"} which */
  const toEnd = (which) => {
    const extent = reading.profiles.extent();
    if (extent) reading.moveTo([state.cursor[0], state.cursor[1], extent[which]]);
  };
  return keepOnly(workspace, {
    grade(code) {
      if (grader.readOnly || !state.selected) return;
      const name = state.selected;
      if (!workspace.sight.mayGrade(name)) return;
      if ((reading.byName.get(name)?.label_version ?? null) === null) {
        workspace.say(`${name} has no mask in this label set, so there is nothing to grade.`);
        return;
      }
      const regrade = Boolean(grader.grades.get(name)?.code);
      grader.give([name], code);
      workspace.sight.look();
      const next = nextUngraded(reading.filtered(), name, grader.grades);
      if (!regrade && next) choose(next);
    },
    tags: () => workspace.gradePanel.enterTags(),
    comment: () => workspace.gradePanel.comment.focus(),
    "flag-slice": () => {
      if (!grader.readOnly && state.selected) grader.toggleFlag(state.selected, state.cursor[2]);
    },
    undo() {
      if (workspace.editor.active) return workspace.editor.back("undo");
      const name = grader.undo();
      return name && choose(name);
    },
    redo() {
      if (workspace.editor.active) return workspace.editor.back("redo");
      const name = grader.redo();
      return name && choose(name);
    },
    "next-ungraded"() {
      const next = nextUngraded(reading.filtered(), state.selected, grader.grades);
      if (next === null && grader.graded < grader.total)
        workspace.say(`All that are shown have a grade; ${shortKey("filter")} shows the others.`);
      choose(next);
    },
    filter: () => chooseFilter(workspace),
    "accept-rest": () => acceptRest(workspace),
    sign: () => signRead(workspace),
    "next-structure": () => choose(stepFrom(reading.listed(), state.selected, 1)),
    "previous-structure": () => choose(stepFrom(reading.listed(), state.selected, -1)),
    choose,
    search: () => workspace.list.enterSearch(),
    order: () => set({ order: after(ORDERS, state.order) }, "list", "preferences"),
    centre: () => reading.centre(),
    visible(name = state.selected) {
      if (name !== null) reading.toggleShown(name);
    },
    solo: () => set({ solo: !state.solo }, "layers", "list"),
    outlines: () => set({ outlines: !state.outlines }, "layers", "list", "preferences"),
    dim: () => set({ dimmed: !state.dimmed }, "layers", "preferences"),
    "next-case": () => workspace.leave(),
    "slice-up": () => step(1),
    "slice-down": () => step(-1),
    "slices-up": () => step(5),
    "slices-down": () => step(-5),
    "last-slice": () => toEnd("last"),
    "first-slice": () => toEnd("first"),
    window(name) {
      const { windows } = reading.data;
      reading.setWindow(name ? windowNamed(windows, name) : nextWindow(windows, state.window));
    },
    "window-direct"(place) {
      const window = reading.data.windows[place];
      if (window) reading.setWindow(window);
    },
    "window-lock": () => set({ locked: !state.locked, follow: false }, "window"),
    "window-follow"() {
      const { window } = reading.byName.get(state.selected ?? "") ?? {};
      set({ locked: false }, "window");
      reading.setWindow(windowNamed(reading.data.windows, window), true);
    },
    fill: () => set({ fill: !state.fill }, "layers", "preferences"),
    "zoom-in": () => workspace.stage.zoomMain(1.25),
    "zoom-out": () => workspace.stage.zoomMain(0.8),
    fit: () => {
      for (const plane of PLANE_NAMES) reading.setCamera(plane, null);
    },
    "auto-zoom": () => {
      set({ autoZoom: !state.autoZoom }, "preferences");
      if (state.autoZoom) reading.centre();
    },
    layout: () => set({ layout: after(LAYOUTS, state.layout) }, "layout", "preferences"),
    plane: (/** @type {PlaneName} */ name) =>
      set({ main: name ?? after(PLANE_NAMES, state.main) }, "layout", "preferences"),
    "solid-pane": () => workspace.solidPane.toggle(),
    dose() {
      if (reading.dose) reading.dose.toggle();
      else workspace.say("No planned dose is known for this case.");
    },
    band() {
      if (!reading.band)
        return workspace.say("No edit band: there are too few accepted revisions, or this read has none.");
      reading.band.toggle();
      if (state.band && !reading.band.known)
        workspace.say(`No edit band of ${state.selected}: too few of its revisions were accepted.`);
    },
    crosshair: () => set({ crosshair: !state.crosshair }, "camera", "preferences"),
    ruler() {
      if (state.tool === "ruler") workspace.stage.clearRulers();
      set({ tool: state.tool === "ruler" ? "crosshair" : "ruler" }, "tool", "camera");
    },
    palette: () => {
      state.colourBlind = !state.colourBlind;
      reading.recolour();
      set({}, "layers", "list", "structure", "preferences");
    },
    compare(key) {
      const sets = [null, ...reading.data.label_sets.slice(1).map((one) => one.key)];
      const next = key === undefined ? after(sets, state.compare) : key;
      set({ compare: next, difference: next ? state.difference : false }, "layers", "structure", "cursor");
      if (!next && state.layout === "pair") set({ layout: "three" }, "layout");
    },
    difference() {
      if (!state.compare) this.compare(reading.data.label_sets[1]?.key ?? null);
      set({ difference: state.compare ? !state.difference : false }, "layers", "structure", "cursor");
    },
    "largest-difference"() {
      if (!state.compare) this.compare(reading.data.label_sets[1]?.key ?? null);
      if (state.compare) set({ difference: true }, "layers", "structure");
      reading.goToLargestDifference();
    },
    "largest-error"() {
      if (!state.compare) this.compare(reading.data.label_sets[1]?.key ?? null);
      if (state.compare) workspace.display.goToSurfaceError();
    },
    "side-by-side"() {
      if (!state.compare) this.compare(reading.data.label_sets[1]?.key ?? null);
      if (state.compare) set({ layout: state.layout === "pair" ? "three" : "pair" }, "layout");
    },
    help: () => workspace.help.toggle(),
    unsaved: () => workspace.unsaved.toggle(),
    ...buildEditActions(workspace.editor, workspace.settling),
    combine() {
      if (workspace.editor.free) workspace.combine.toggle();
    },
    leave() {
      const { pointer, prompts, smart } = workspace.editor;
      if (pointer.dropOutline() || prompts.cancel() || smart.cancel()) return;
      workspace.editor.set({}); // what was said has been read
      workspace.help.hide();
      if (workspace.banner.button.hidden) workspace.banner.close();
      if (workspace.unsaved.root.open) workspace.unsaved.root.close();
      workspace.combine.hide();
      workspace.display.dose?.hide();
      workspace.gradePanel.leaveTags();
      if (state.tool !== "crosshair") set({ tool: "crosshair" }, "tool");
      workspace.stage.focus();
    },
  });
}

export const ACTION_NAMES = KEYMAP.flatMap(([, rows]) => rows.map(([action]) => action));
