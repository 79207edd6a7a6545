// @ts-check
// The ruler of one view: a line with its length, kept with the slice it was drawn on.

import { setStyle, setText, svg } from "../panels/dom.js";
import { distanceMm } from "../pure/geometry.js";

/** @import { ScreenPoint } from "../pure/cameras.js" */
/** @import { PlanePoint } from "../pure/geometry.js" */

export class RulerMark {
  /** @param {string} testid */
  constructor(testid) {
    this.line = svg("line");
    this.label = svg("text", { "data-testid": `${testid}-ruler` });
    this.root = svg("svg", { class: "ruler", "aria-hidden": "true" }, this.line, this.label);
    this.clear();
  }

  clear() {
    /** @type {{ from: PlanePoint, to: PlanePoint, index: number } | null} */
    this.ends = null;
    this.root.style.display = "none";
  }

  /**
   * From and to in plane millimetres, on slice `index`.
   * @param {PlanePoint} from
   * @param {PlanePoint} to
   * @param {number} index
   */
  set(from, to, index) {
    this.ends = { from, to, index };
  }

  /**
   * @param {(point: PlanePoint) => ScreenPoint} toScreen
   * @param {number} index
   */
  show(toScreen, index) {
    const ends = this.ends?.index === index ? this.ends : null;
    setStyle(this.root, "display", ends ? "" : "none");
    if (!ends) return;
    const a = toScreen(ends.from);
    const b = toScreen(ends.to);
    for (const [name, value] of Object.entries({ x1: a.x, y1: a.y, x2: b.x, y2: b.y })) {
      this.line.setAttribute(name, String(value));
    }
    this.label.setAttribute("x", String(Math.max(a.x, b.x) + 6));
    this.label.setAttribute("y", String((a.x > b.x ? a.y : b.y) - 6));
    setText(this.label, `${distanceMm(ends.from, ends.to).toFixed(1)} mm`);
  }
}
