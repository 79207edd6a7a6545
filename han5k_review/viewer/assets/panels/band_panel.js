// @ts-check
// The edit band: its button, and what it means here. Only where accepted revisions give one.

import { sayCount } from "../pure/counts.js";
import { tooltip } from "../pure/keymap.js";
import { h, press, setText } from "./dom.js";

/** @import { BandShown } from "../band_shown.js" */

export class BandPanel {
  /** @param {{ band: BandShown, act: (action: string) => void }} parts */
  constructor({ band, act }) {
    this.band = band;
    this.toggle = h(
      "button",
      { type: "button", "data-action": "band", title: tooltip("band"), onclick: () => act("band") },
      "Edit band",
    );
    this.words = h("p", { class: "dim", "data-testid": "band-words", role: "status" });
    this.root = h(
      "div",
      { class: "compare", "data-testid": "band" },
      h("h3", {}, "Accepted revisions"),
      h("div", { class: "line" }, this.toggle),
      this.words,
    );
  }

  update() {
    const { band } = this;
    band.follow();
    press(this.toggle, band.reading.state.band);
    setText(this.words, band.reading.state.band ? this.say() : "");
    this.root.dataset.ready = String(Boolean(band.band));
    this.root.dataset.mustLook = band.mustLook.join(" ");
  }

  say() {
    const { known, origin, band, beyond, mustLook } = this.band;
    if (!known) return "Too few accepted revisions of this structure.";
    if (!origin) return "The contour is on its way.";
    if (band === null) return "This structure is too large for an edit band.";
    const { margin_mm: mm, share, n } = known;
    const width = `${Math.round(100 * share)} % of revisions should end within ${mm.toFixed(1)} mm (${n} accepted so far).`;
    if (!beyond) return width;
    if (!mustLook.length) return `${width} No slice goes beyond.`;
    return `${width} Must look: ${sayCount(mustLook.length, "slice goes", "slices go")} beyond.`;
  }
}
