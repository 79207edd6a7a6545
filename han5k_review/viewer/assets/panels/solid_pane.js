// The chosen structure in 3-D, over the corner of the picture: dragging turns it. With a compared label set
// that one stands beside it, paler.

import { paler, parseHex } from "../pure/colours.js";
import { isEmpty } from "../pure/masks.js";
import { drawSolids, extentOfSolids, seenFrom, solidOf } from "../pure/solid.js";
import { h, setText } from "./dom.js";

const SIZE = 320;
const PER_PIXEL = 0.011; // radians
const SIDES = { A: "the front", P: "the back", L: "the left", R: "the right", S: "above", I: "below" };
const FRONT = { turn: 0.35, tilt: -0.15 };

export class SolidPane {
  constructor({ reading, act }) {
    Object.assign(this, { reading, look: { ...FRONT }, known: "", solids: [] });
    this.canvas = h("canvas", {
      width: SIZE,
      height: SIZE,
      role: "img",
      "aria-label": "The chosen structure in 3-D",
      "data-testid": "solid-canvas",
    });
    this.context = this.canvas.getContext("2d", { alpha: false });
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

  drag(event) {
    const { canvas, look } = this;
    const from = { x: event.clientX, y: event.clientY, ...look };
    canvas.setPointerCapture(event.pointerId);
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
    if (this.root.hidden || !reading.volume) return;
    const { selected, compare } = reading.state;
    const colour = reading.colours.get(selected) ?? "#ffffff";
    const wanted = [
      { mask: reading.mask(), colour },
      { mask: compare && reading.mask(selected, compare), colour: paler(colour) },
    ].filter(({ mask }) => !isEmpty(mask));
    const known = [selected, compare, colour, ...wanted.map(({ mask }) => mask.stampOf?.("axial"))].join("|");
    if (known !== this.known || wanted.length !== this.solids.length) {
      this.known = known;
      this.solids = wanted.map((one) => ({
        solid: solidOf(one.mask, reading.volume.spacing),
        rgb: parseHex(one.colour),
      }));
    }
    this.draw();
  }

  draw() {
    const { reading, solids, context, pixels } = this;
    const extent = extentOfSolids(solids.map(({ solid }) => solid));
    const title = reading.byName.get(reading.state.selected)?.title ?? "";
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
