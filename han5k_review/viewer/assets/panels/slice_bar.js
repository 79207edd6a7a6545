// @ts-check
// The bar below the views: where the chosen structure lies, what was seen, what differs, flags.

import { tooltip } from "../pure/keymap.js";
import { canvas2d, h } from "./dom.js";

/** @import { PanelParts } from "../workspace_parts.js" */

const HEIGHT = 30;

export class SliceBar {
  /** @param {PanelParts} parts */
  constructor({ reading, grader, act }) {
    this.reading = reading;
    this.grader = grader;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.context = canvas2d(this.canvas.getContext("2d"));
    this.handle = h("i", { class: "handle" });
    this.track = h(
      "div",
      {
        class: "track",
        role: "slider",
        tabindex: "0",
        "aria-label": "Axial slice",
        "aria-valuemin": "1",
        "data-testid": "slice-bar",
        title:
          "Coloured: the structure. White line: slices seen. Orange: where the compared labels differ. Triangle: flagged. Pink: beyond the edit band, must look.",
      },
      this.canvas,
      this.handle,
    );
    /**
     * @param {string} action
     * @param {string} word
     */
    const button = (action, word) =>
      h(
        "button",
        {
          type: "button",
          "data-action": action,
          title: tooltip(action),
          onclick: () => act(action),
        },
        word,
      );
    this.root = h(
      "div",
      { class: "slice-bar" },
      button("first-slice", "⇤"),
      button("slices-down", "«"),
      button("slice-down", "‹"),
      h("b", {}, "I"),
      this.track,
      h("b", {}, "S"),
      button("slice-up", "›"),
      button("slices-up", "»"),
      button("last-slice", "⇥"),
    );
    this.track.addEventListener("pointerdown", (event) => this.drag(event));
    this.width = 0;
    this.drawn = "";
    this.drawnSeen = -1;
  }

  /** Asking for the width lays the page out: only when it may have changed. */
  resize() {
    this.width = this.track.clientWidth;
  }

  /** @param {PointerEvent} event */
  drag(event) {
    this.track.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} event */
    const go = ({ clientX }) => {
      const { volume, state } = this.reading;
      if (!volume) return;
      const box = this.track.getBoundingClientRect();
      const k = Math.floor(((clientX - box.left) / box.width) * volume.shape[2]);
      this.reading.moveTo([state.cursor[0], state.cursor[1], k]);
    };
    const stop = () => this.track.removeEventListener("pointermove", go);
    this.track.addEventListener("pointermove", go);
    this.track.addEventListener("pointerup", stop, { once: true });
    this.track.addEventListener("pointercancel", stop, { once: true });
    go(event);
  }

  update() {
    const { volume, state } = this.reading;
    if (!volume) return;
    const slices = volume.shape[2];
    if (!this.width) this.resize();
    const { width } = this;
    this.handle.style.transform = `translateX(${((state.cursor[2] + 0.5) / slices) * width - 1}px)`;
    this.track.setAttribute("aria-valuemax", `${slices}`);
    this.track.setAttribute("aria-valuenow", `${state.cursor[2] + 1}`);
    const seen = this.reading.seen.of(state.selected);
    const flagged = state.selected ? this.grader.draft(state.selected).flagged : [];
    const key = [width, state.selected, this.reading.layersVersion, flagged.join(" ")].join();
    if (key !== this.drawn) this.paint(width, slices, seen, flagged);
    else if (this.reading.seen.version !== this.drawnSeen) this.paintSeen(width / slices, seen);
    this.drawn = key;
    this.drawnSeen = this.reading.seen.version;
  }

  /**
   * @param {number} step
   * @param {Uint8Array | undefined} seen
   */
  paintSeen(step, seen) {
    const { context } = this;
    context.fillStyle = "#e8edf3";
    seen?.forEach((was, k) => {
      if (was) context.fillRect(k * step, HEIGHT - 3, Math.max(step, 1), 2);
    });
  }

  /**
   * @param {number} width
   * @param {number} slices
   * @param {Uint8Array | undefined} seen
   * @param {number[]} flagged
   */
  paint(width, slices, seen, flagged) {
    const { reading, canvas, context } = this;
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    if (canvas.width !== width * ratio) {
      canvas.width = width * ratio;
      canvas.height = HEIGHT * ratio;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const step = width / slices;
    const wide = Math.max(step, 1);
    /**
     * @param {Uint32Array | null} profile
     * @param {string} colour
     * @param {number} low
     * @param {number} tall
     */
    const bars = (profile, colour, low, tall) => {
      const most = profile?.reduce((a, b) => Math.max(a, b), 0);
      if (!profile || !most) return;
      context.fillStyle = colour;
      profile.forEach((count, k) => {
        const height = count ? 3 + (tall - 3) * Math.sqrt(count / most) : 0;
        context.fillRect(k * step, low - height, wide, height);
      });
    };
    const colour = reading.colours.get(reading.state.selected ?? "") ?? "#ffffff";
    bars(reading.profiles.area(), colour, HEIGHT - 5, 20);
    if (reading.state.compare) bars(reading.profiles.difference(), "rgba(255,140,60,0.85)", HEIGHT - 5, 12);
    this.paintSeen(step, seen);
    this.paintMustLook(step);
    context.fillStyle = "#ffd166";
    for (const k of flagged) {
      const x = (k + 0.5) * step;
      context.beginPath();
      context.moveTo(x - 4, 0);
      context.lineTo(x + 4, 0);
      context.lineTo(x, 7);
      context.fill();
    }
  }
  /**
   * Slices on which the contour in hand, or the compared one, ends beyond the edit band.
   * @param {number} step
   */
  paintMustLook(step) {
    const { context, reading } = this;
    const slices = reading.band?.mustLook ?? [];
    context.fillStyle = "#ff5d8f";
    for (const k of slices) context.fillRect(k * step, 0, Math.max(step, 2), 4);
    this.track.dataset.mustLook = slices.map((k) => k + 1).join(" ");
  }
}
