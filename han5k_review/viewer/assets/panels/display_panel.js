// @ts-check
// The right panel's lower part: window, label sets to compare, how outlines are drawn.

import { DASHES } from "../draw/layers.js";
import { shortKey } from "../keyboard.js";
import { messageOf } from "../net/requests.js";
import { askLargestSurfaceError } from "../net/surface_error.js";
import { sayCount } from "../pure/counts.js";
import { keysOf, tooltip } from "../pure/keymap.js";
import { windowLabel } from "../pure/windowing.js";
import { BandPanel } from "./band_panel.js";
import { h, press, setText, svg } from "./dom.js";
import { DosePanel } from "./dose_panel.js";

/** @import { LabelSet } from "../pure/payload.js" */
/** @import { PanelParts } from "../workspace_parts.js" */

export class DisplayPanel {
  /** @param {PanelParts} parts */
  constructor({ reading, act, focus }) {
    this.reading = reading;
    this.act = act;
    this.focus = focus;
    /** @type {LabelSet[] | null} the sets that have their rows */
    this.shown = null;
    /** @type {Map<string, HTMLElement>} */
    this.sets = new Map();
    this.windows = h("select", {
      "aria-label": "Window",
      "data-testid": "window-select",
      "data-action": "window",
      title: tooltip("window"),
      onchange: () => {
        act("window", this.windows.value);
        focus();
      },
    });
    const keys = keysOf("window-direct");
    for (const [place, window] of reading.data.windows.entries())
      this.windows.append(
        h(
          "option",
          { value: window.name, "data-action": "window-direct", title: tooltip("window-direct") },
          windowLabel(window, keys[place]),
        ),
      );
    this.byHand = h("option", { value: "by hand", hidden: true }, "by hand");
    this.windows.append(this.byHand);
    this.follow = this.button("window-follow", "Follow");
    this.lock = this.button("window-lock", "Lock");
    this.fill = this.button("fill", "Fill");
    this.dim = this.button("dim", "Dim others");
    this.palette = this.button("palette", "Colour-blind safe");
    this.thickness = this.slider("Line", "thickness", 0.5, 4, 0.5);
    this.opacity = this.slider("Opacity", "opacity", 0.05, 1, 0.05);
    this.rows = h("div", { class: "compare" });
    this.difference = this.button("difference", "Difference");
    this.jump = this.button("largest-difference", "Worst slice");
    this.error = this.button("largest-error", "Worst surface");
    this.pair = this.button("side-by-side", "Side by side");
    this.compared = h("p", { class: "dim", "data-testid": "difference-text", role: "status" });
    this.surface = { of: "", words: "" };
    this.compare = h(
      "div",
      { class: "compare", "data-testid": "compare" },
      h("h3", {}, "Compare ", h("kbd", { "data-key": "compare" }, shortKey("compare"))),
      this.rows,
      h("div", { class: "line" }, this.difference, this.jump, this.error, this.pair),
      this.compared,
    );
    this.dose = reading.dose ? new DosePanel({ dose: reading.dose, act, focus }) : null;
    this.band = reading.band ? new BandPanel({ band: reading.band, act }) : null;
    this.root = h(
      "section",
      { class: "display-panel", "aria-label": "Display" },
      h("div", { class: "line" }, this.windows, this.follow, this.lock),
      this.compare,
      h("h3", {}, "Outlines"),
      h("div", { class: "line" }, this.fill, this.dim, this.palette),
      this.thickness,
      this.opacity,
      this.band?.root,
      this.dose?.root,
    );
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  button(action, word) {
    return h(
      "button",
      { type: "button", "data-action": action, title: tooltip(action), onclick: () => this.act(action) },
      word,
    );
  }

  /**
   * @param {string} word
   * @param {"thickness" | "opacity"} name
   * @param {number} min
   * @param {number} max
   * @param {number} step
   */
  slider(word, name, min, max, step) {
    const { reading } = this;
    return h(
      "label",
      { class: "slide" },
      word,
      h("input", {
        type: "range",
        min,
        max,
        step,
        value: reading.state[name],
        "data-testid": name,
        oninput: (/** @type {{ target: HTMLInputElement }} */ { target }) =>
          reading.change({ [name]: Number(target.value) }, "layers", "preferences"),
        onchange: () => this.focus(),
      }),
    );
  }

  /**
   * @param {LabelSet} set
   * @param {boolean} first
   */
  setRow(set, first) {
    const dash = (DASHES[set.line] ?? []).join(" ");
    const sample = svg(
      "svg",
      { class: "sample", viewBox: "0 0 36 8", "aria-hidden": "true" },
      svg("line", {
        x1: 1,
        y1: 4,
        x2: 35,
        y2: 4,
        stroke: set.color ?? "currentColor",
        "stroke-width": 2,
        "stroke-dasharray": dash,
      }),
    );
    return h(
      "button",
      {
        class: "set",
        type: "button",
        "data-testid": "label-set",
        "data-set": set.key,
        disabled: first,
        "data-action": first ? null : "compare",
        title: first ? "The labels that are compared with" : tooltip("compare"),
        onclick: () => this.act("compare", this.reading.state.compare === set.key ? null : set.key),
      },
      sample,
      h("span", {}, set.name),
      h("i", { class: `chip ${first ? "reviewed" : "compared"}`, title: "Shaded: only in this set" }),
      set.key === "a" ? h("small", {}, "under review") : null,
    );
  }

  /** A row for each label set; they change when a revision is made. */
  showSets() {
    const { label_sets: sets } = this.reading.data;
    if (this.shown === sets) return;
    this.shown = sets;
    this.sets = new Map(sets.map((set, n) => [set.key, this.setRow(set, n === 0)]));
    this.rows.replaceChildren(...this.sets.values());
    this.compare.hidden = sets.length < 2;
  }

  /** Finds the largest surface error in a worker and goes there. */
  async goToSurfaceError() {
    const { reading } = this;
    const { selected, compare } = reading.state;
    const one = reading.mask();
    const other = compare === null ? null : reading.mask(selected, compare);
    const of = `${selected}|${compare}`;
    this.surface = { of, words: "measuring the surfaces ..." };
    this.update();
    try {
      const { volume } = reading;
      const found = volume && one && other ? await askLargestSurfaceError(one, other, volume.spacing) : null;
      if (reading.state.selected !== selected || reading.state.compare !== compare) return;
      this.surface = {
        of,
        words: found ? `largest surface error ${found.mm.toFixed(1)} mm` : "no surface to compare",
      };
      if (found) reading.moveTo(found.ijk);
    } catch (error) {
      this.surface = { of, words: messageOf(error) };
    }
    this.update();
  }

  update() {
    const { state, data } = this.reading;
    this.showSets();
    this.dose?.update();
    this.band?.update();
    if (state.window) {
      const known = data.windows.some((window) => window.name === state.window.name);
      if (!known) setText(this.byHand, windowLabel(state.window));
      this.windows.value = known ? state.window.name : "by hand";
    }
    press(this.follow, state.follow);
    press(this.lock, state.locked);
    press(this.fill, state.fill);
    press(this.dim, state.dimmed);
    press(this.palette, state.colourBlind);
    press(this.difference, state.difference);
    this.root.classList.toggle("shading", state.difference);
    press(this.pair, state.layout === "pair");
    for (const [key, row] of this.sets) press(row, key === state.compare || key === data.label_sets[0].key);
    this.opacity.hidden = !state.fill;
    const profile = state.compare ? this.reading.profiles.difference() : null;
    const total = profile?.reduce((sum, count) => sum + count, 0) ?? 0;
    const slices = profile?.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0) ?? 0;
    const masks = this.reading.masksOf(state.compare);
    const difference = !masks
      ? "Loading these labels ..."
      : !profile
        ? `${state.selected} is not in this set`
        : total
          ? `${sayCount(total, "voxel differs", "voxels differ")} on ${sayCount(slices, "slice")}`
          : "The masks are the same";
    const surface = this.surface.of === `${state.selected}|${state.compare}` ? this.surface.words : "";
    setText(this.compared, state.compare ? [difference, surface].filter(Boolean).join("; ") : "");
  }
}
