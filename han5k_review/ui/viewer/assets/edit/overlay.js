// What editing shows above a view: the ring of the brush in true size, the line being drawn.

import { h, svg } from "../panels/dom.js";
import { planeToScreen } from "../pure/cameras.js";

export class EditOverlay {
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

  /** The ring around a point of the view (null hides it), `sizeMm` across. */
  showRing(at, sizeMm) {
    this.ring.hidden = at === null || !this.view.camera;
    if (this.ring.hidden) return;
    const pixels = Math.max(3, sizeMm * this.view.camera.scale);
    this.ring.style.width = this.ring.style.height = `${pixels}px`;
    this.ring.style.transform = `translate(${at.x - pixels / 2}px, ${at.y - pixels / 2}px)`;
  }

  /** Points in plane millimetres, or none. */
  showLine(points) {
    const { view } = this;
    const shown = points.map(({ u, v }) => planeToScreen(view.camera, u, v, view.width, view.height));
    this.line.setAttribute("points", shown.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" "));
  }

  clear() {
    this.ring.hidden = true;
    this.line.setAttribute("points", "");
  }
}
