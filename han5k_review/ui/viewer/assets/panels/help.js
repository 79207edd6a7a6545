// The keys, from the table; `?` shows and hides it.

import { KEYMAP } from "../pure/keymap.js";
import { h } from "./dom.js";

const SHOWN = { ArrowUp: "↑", ArrowDown: "↓", PageUp: "PgUp", PageDown: "PgDn" };

const MOUSE = [
  ["wheel", "Slices"],
  ["Ctrl + wheel, pinch", "Zoom"],
  ["drag", "Crosshair"],
  ["right drag", "Window"],
  ["Shift + drag, middle drag", "Move the picture"],
  ["double click", "Enlarge a view"],
  ["Alt + click", "Choose the structure there"],
  ["one finger", "Slices; a tap moves the crosshair"],
  ["rest, then drag", "Window"],
  ["two fingers", "Zoom and move the picture"],
  ["drag while editing", "Draw"],
  ["Ctrl + wheel while editing", "Size of the brush"],
];

export class Help {
  constructor({ scale, focus }) {
    this.focus = focus;
    const keys = scale.grades.map((grade) => grade.key);
    const groups = KEYMAP.map(([name, rows]) =>
      this.group(
        name,
        rows.map(([action, own, title]) => [
          action === "grade" ? keys : own.map((key) => SHOWN[key] ?? key),
          title,
        ]),
      ),
    );
    groups.push(
      this.group(
        "Mouse and touch",
        MOUSE.map(([gesture, title]) => [[gesture], title]),
      ),
    );
    this.root = h(
      "dialog",
      { class: "help", "aria-label": "Keys", "data-testid": "help" },
      h(
        "div",
        { class: "help-head" },
        h("h2", {}, "Keys"),
        h(
          "button",
          {
            type: "button",
            "data-action": "leave",
            "data-testid": "help-close",
            title: "Close (Escape)",
            onclick: () => this.hide(),
          },
          "Close",
        ),
      ),
      h("div", { class: "help-groups" }, ...groups),
      h("p", { class: "dim" }, "Research use only. Not a medical device."),
    );
    this.root.addEventListener("close", () => this.focus());
  }

  group(name, rows) {
    return h(
      "section",
      {},
      h("h3", {}, name),
      h(
        "dl",
        {},
        ...rows.flatMap(([keys, title]) => [
          h("dt", {}, ...keys.map((key) => h("kbd", {}, key))),
          h("dd", {}, title),
        ]),
      ),
    );
  }

  toggle() {
    if (this.root.open) this.hide();
    else this.root.showModal();
  }

  hide() {
    if (this.root.open) this.root.close();
  }
}
