// @ts-check
// The chosen structure in 3-D, over the corner of the picture: dragging turns it. With a compared label set
// that one stands beside it, paler.

import { paler, parseHex } from "../pure/colours.js";
import { isEmpty } from "../pure/masks.js";
import { drawSolids, extentOfSolids, seenFrom, solidOf } from "../pure/solid.js";
import { canvas2d, h, setText } from "./dom.js";

/** @import { ColouredSolid, Look } from "../pure/solid.js" */
/** @import { Mask } from "../pure/masks.js" */
/** @import { PanelParts } from "../workspace_parts.js" */

const SIZE = 320;
const PER_PIXEL = 0.011; // radians
/** @type {Record<string, string>} */
const SIDES = { A: "the front", P: "the back", L: "the left", R: "the right", S: "above", I: "below" };
const FRONT = { turn: 0.35, tilt: -0.15 };

export class SolidPane {
  /** @param {PanelParts} parts */
  constructor({ reading, act }) {
    this.reading = reading;
    /** @type {Look} */
    this.look = { ...FRONT };
    this.known = "";
    /** @type {ColouredSolid[]} */
    this.solids = [];
    this.canvas = h("canvas", {
      width: SIZE,
      height: SIZE,
      role: "img",
      "aria-label": "The chosen structure in 3-D",
      "data-testid": "solid-canvas",
    });
    this.context = canvas2d(this.canvas.getContext("2d", { alpha: false }));
    this.pixels = this.context.createImageData(SIZE, SIZE);
    this.words = h("span", { "data-testid": "solid-words" });
    this.root = h(
      "section",
      { class: "solid-pane", "aria-label": "3-D", hidden: true, "data-testid": "solid-pane" },
      h(
        "div",
        { class: "solid-head" },
        this.words,
        h(
          "button",
          { type: "button", "data-action": "solid-pane", onclick: () => act("solid-pane") },
          "Close",
        ),
      ),
      this.canvas,
    );
    this.canvas.addEventListener("pointerdown", (event) => this.drag(event));
  }

  toggle() {
    this.root.hidden = !this.root.hidden;
    this.look = { ...FRONT };
    this.update();
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const { canvas, look } = this;
    const from = { x: event.clientX, y: event.clientY, ...look };
    canvas.setPointerCapture(event.pointerId);
    /** @param {PointerEvent} event */
    const turn = ({ clientX, clientY }) => {
      const tilt = from.tilt - (clientY - from.y) * PER_PIXEL;
      this.look = {
        turn: from.turn - (clientX - from.x) * PER_PIXEL,
        tilt: Math.max(-Math.PI / 2, Math.min(Math.PI / 2, tilt)),
      };
      this.draw();
    };
    const stop = () => canvas.removeEventListener("pointermove", turn);
    canvas.addEventListener("pointermove", turn);
    canvas.addEventListener("pointerup", stop, { once: true });
    canvas.addEventListener("pointercancel", stop, { once: true });
  }

  update() {
    const { reading } = this;
    const { volume } = reading;
    if (this.root.hidden || !volume) return;
    const { selected, compare } = reading.state;
    const colour = reading.colours.get(selected ?? "") ?? "#ffffff";
    const other = compare === null ? null : reading.mask(selected, compare);
    /** @type {[Mask | null, string][]} */
    const both = [
      [reading.mask(), colour],
      [other, paler(colour)],
    ];
    const wanted = both.flatMap(([mask, paint]) => (isEmpty(mask) ? [] : [{ mask, colour: paint }]));
    const known = [selected, compare, colour, ...wanted.map(({ mask }) => mask.stampOf?.("axial"))].join("|");
    if (known !== this.known || wanted.length !== this.solids.length) {
      this.known = known;
      this.solids = wanted.map((one) => ({
        solid: solidOf(one.mask, volume.spacing),
        rgb: parseHex(one.colour),
      }));
    }
    this.draw();
  }

  draw() {
    const { reading, solids, context, pixels } = this;
    if (!reading.volume) return;
    const extent = extentOfSolids(solids.map(({ solid }) => solid));
    const title = reading.byName.get(reading.state.selected ?? "")?.title ?? "";
    setText(
      this.words,
      extent ? `${title}, seen from ${SIDES[seenFrom(this.look)]}` : `${title}: nothing to show`,
    );
    const words = new Uint32Array(pixels.data.buffer);
    const dotMm = Math.max(...reading.volume.spacing.slice(0, 2));
    drawSolids(
      words,
      SIZE,
      extent ? solids : [],
      this.look,
      extent ?? { middle: [0, 0, 0], radius: 1 },
      dotMm,
    );
    context.putImageData(pixels, 0, 0);
  }
}
