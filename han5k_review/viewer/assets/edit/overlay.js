// @ts-check
// What editing shows above a view: the ring of the brush in true size, the line being drawn.

import { h, svg } from "../panels/dom.js";
import { planeToScreen } from "../pure/cameras.js";

/** @import { PlaneView } from "../draw/plane_view.js" */
/** @import { ScreenPoint } from "../pure/cameras.js" */
/** @import { PlanePoint } from "../pure/geometry.js" */

export class EditOverlay {
  /** @param {PlaneView} view */
  constructor(view) {
    this.view = view;
    this.ring = h("i", {
      class: "brush-ring",
      hidden: true,
      "data-testid": `${view.root.dataset.testid}-ring`,
    });
    this.line = svg("polyline", { class: "drawn-line" });
    this.layer = svg("svg", { class: "ruler", "aria-hidden": "true" }, this.line);
    view.root.append(this.layer, this.ring);
  }

  /**
   * The ring around a point of the view (null hides it), `sizeMm` across.
   * @param {ScreenPoint | null} at
   * @param {number} sizeMm
   */
  showRing(at, sizeMm) {
    const { camera } = this.view;
    this.ring.hidden = at === null || !camera;
    if (at === null || !camera) return;
    const pixels = Math.max(3, sizeMm * camera.scale);
    this.ring.style.width = this.ring.style.height = `${pixels}px`;
    this.ring.style.transform = `translate(${at.x - pixels / 2}px, ${at.y - pixels / 2}px)`;
  }

  /**
   * Points in plane millimetres, or none; `colour` "": white.
   * @param {PlanePoint[]} points
   */
  showLine(points, colour = "") {
    this.line.style.stroke = colour;
    const { camera, width, height } = this.view;
    const shown = camera ? points.map(({ u, v }) => planeToScreen(camera, u, v, width, height)) : [];
    this.line.setAttribute("points", shown.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
  }

  clear() {
    this.ring.hidden = true;
    this.line.setAttribute("points", "");
  }
}
