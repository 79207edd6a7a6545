// The ruler of one view: a line with its length, kept with the slice it was drawn on.

import { setStyle, setText, svg } from "../panels/dom.js";
import { distanceMm } from "../pure/geometry.js";

export class RulerMark {
  constructor(testid) {
    this.line = svg("line");
    this.label = svg("text", { "data-testid": `${testid}-ruler` });
    this.root = svg("svg", { class: "ruler", "aria-hidden": "true" }, this.line, this.label);
    this.clear();
  }

  clear() {
    this.ends = null;
    this.root.style.display = "none";
  }

  /** From and to in plane millimetres, on slice `index`. */
  set(from, to, index) {
    this.ends = { from, to, index };
  }

  get lengthMm() {
    return this.ends ? distanceMm(this.ends.from, this.ends.to) : null;
  }

  show(toScreen, index) {
    const shown = this.ends !== null && this.ends.index === index;
    setStyle(this.root, "display", shown ? "" : "none");
    if (!shown) return;
    const a = toScreen(this.ends.from);
    const b = toScreen(this.ends.to);
    for (const [name, value] of Object.entries({ x1: a.x, y1: a.y, x2: b.x, y2: b.y })) {
      this.line.setAttribute(name, value);
    }
    this.label.setAttribute("x", Math.max(a.x, b.x) + 6);
    this.label.setAttribute("y", (a.x > b.x ? a.y : b.y) - 6);
    setText(this.label, `${this.lengthMm.toFixed(1)} mm`);
  }
}
