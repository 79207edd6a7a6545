// @ts-check
// The smart tools in the edit panel.

import { h, press } from "../panels/dom.js";
import { actionButton, numberField } from "./controls.js";

/** @import { Editor } from "./editor.js" */

const TOOLS = [
  ["seed-in", "Seed +"],
  ["seed-out", "Seed −"],
  ["seeds-grow", "From seeds"],
  ["snap", "Snap"],
  ["follow", "Follow"],
  ["drop-proposal", "Drop slice"],
  ["smooth-volume", "Smooth 3-D"],
];

export class SmartPanel {
  /** @param {{ editor: Editor, act: (action: string) => void, focus: () => void }} parts */
  constructor({ editor, act, focus }) {
    this.editor = editor;
    /** @type {Record<string, HTMLButtonElement>} by action */
    this.buttons = Object.fromEntries(
      TOOLS.map(([action, word]) => [action, actionButton(action, word, "", act)]),
    );
    this.mm = numberField({
      testid: "smart-mm",
      label: "Reach of the smart tools, millimetres",
      range: { min: 1, max: 20, step: 0.5 },
      take: (reachMm) => editor.set({ reachMm }),
      restore: () => this.update(),
      leave: focus,
    });
    this.root = h(
      "div",
      { class: "grading", "data-testid": "smart-tools" },
      h("div", { class: "line" }, h("h3", {}, "Smart tools, reach"), this.mm, "mm"),
      h("div", { class: "tools" }, ...Object.values(this.buttons)),
    );
    this.root.hidden = !editor.smart.allowed;
  }

  update() {
    const { options, smart } = this.editor;
    this.root.dataset.working = smart.working ?? "";
    for (const tool of ["seed-in", "seed-out"]) press(this.buttons[tool], options.tool === tool);
    for (const [action] of TOOLS) this.buttons[action].disabled = smart.working !== null;
    this.buttons["drop-proposal"].hidden = !smart.marks.proposals;
    if (!this.mm.matches(":focus")) this.mm.value = String(options.reachMm);
  }
}
