// @ts-check
// In the place of the grades where every contour is drawn from nothing: what is to be done, with one button.

import { shortKey } from "../keyboard.js";
import { tooltip } from "../pure/keymap.js";
import { h, setText } from "./dom.js";

/** @import { Act } from "../workspace_parts.js" */

export class DrawingPanel {
  /** @param {Act} act */
  constructor(act) {
    this.words = h("p", { class: "hint", "data-testid": "drawn" });
    this.root = h(
      "div",
      { class: "drawing" },
      h(
        "button",
        {
          class: "loud wide",
          type: "button",
          "data-action": "edit",
          "data-testid": "draw-it",
          title: tooltip("edit"),
          onclick: () => act("edit"),
        },
        "Draw it from nothing ",
        h("kbd", { "data-key": "edit" }, shortKey("edit")),
      ),
      this.words,
    );
  }

  /** @param {boolean} isDrawn */
  update(isDrawn) {
    setText(this.words, isDrawn ? "Drawn and submitted." : "No contour is shown: draw it, then submit it.");
  }
}
