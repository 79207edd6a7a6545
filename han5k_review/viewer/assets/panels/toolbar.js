// @ts-check
// The row above the views: planes, tools, zoom, layout.

import { PLANE_NAMES, PLANES } from "../pure/geometry.js";
import { tooltip } from "../pure/keymap.js";
import { h, icon, press } from "./dom.js";

/** @type {Record<string, string>} */
const SHAPES = {
  layout: "M2 2.5h8v11H2zM10 2.5h4v5h-4zM10 7.5h4v6h-4z",
  crosshair: "M8 1.5v13M1.5 8h13",
  ruler: "M2 11.5 11.5 2 14 4.5 4.5 14zM5 8.5l1.5 1.5M7.5 6 9 7.5M10 3.5 11.5 5",
  "auto-zoom": "M7 3a4 4 0 1 0 .01 0M10 10l4 4M5.2 7h3.6M7 5.2v3.6",
  "solid-pane": "M8 1.5 14 4.5v7L8 14.5 2 11.5v-7zM2 4.5l6 3 6-3M8 7.5v7",
  dose: "M8 1.5a6.5 6.5 0 1 0 .01 0M8 4.5a3.5 3.5 0 1 0 .01 0M8 7.5a.5.5 0 1 0 .01 0",
  centre: "M8 5.5a2.5 2.5 0 1 0 .01 0M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2",
};

export class Toolbar {
  /** @param {{ reading: import("../reading.js").Reading, act: (action: string, detail?: string) => void }} workspace */
  constructor({ reading, act }) {
    this.reading = reading;
    this.act = act;
    this.planes = new Map(
      PLANE_NAMES.map((plane) => [
        plane,
        h(
          "button",
          {
            type: "button",
            "data-testid": `plane-${plane}`,
            "data-action": "plane",
            title: tooltip("plane"),
            onclick: () => act("plane", plane),
          },
          PLANES[plane].title,
        ),
      ]),
    );
    this.layout = this.tool("layout", "Three views");
    this.crosshair = this.tool("crosshair", "Crosshair");
    this.ruler = this.tool("ruler", "Measure");
    this.autoZoom = this.tool("auto-zoom", "Auto zoom");
    this.dose = reading.dose ? this.tool("dose", "Dose") : null;
    this.root = h(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": "View" },
      h("span", { class: "group" }, ...this.planes.values()),
      h("span", { class: "group" }, this.layout, this.crosshair, this.ruler),
      h(
        "span",
        { class: "group" },
        this.plain("zoom-out", "−"),
        this.plain("fit", "Fit"),
        this.plain("zoom-in", "+"),
        this.autoZoom,
        this.tool("centre", "Centre"),
        this.tool("solid-pane", "3-D"),
        this.dose,
      ),
    );
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  plain(action, word) {
    return h(
      "button",
      {
        type: "button",
        "data-action": action,
        title: tooltip(action),
        onclick: () => this.act(action),
      },
      word,
    );
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  tool(action, word) {
    return h(
      "button",
      {
        type: "button",
        "data-action": action,
        title: tooltip(action),
        "aria-label": word,
        onclick: () => this.act(action),
      },
      icon(SHAPES[action]),
      h("span", { class: "word" }, word),
    );
  }

  update() {
    const { state } = this.reading;
    for (const [plane, button] of this.planes) press(button, plane === state.main);
    press(this.layout, state.layout === "three");
    press(this.crosshair, state.crosshair);
    press(this.ruler, state.tool === "ruler");
    press(this.autoZoom, state.autoZoom);
    if (this.dose) press(this.dose, state.dose);
  }
}
