// @ts-check
// The keys, as this keyboard has them; `?` shows and hides it. Here they are changed, too.

import { actionOf, changeKey, isChangeable, KEYMAP, labelsOf, titleOf } from "../pure/keymap.js";
import { h, onClosed, press, setText } from "./dom.js";

/** @import { Keyboard } from "../keyboard.js" */
/** @import { ViewerScale } from "../pure/payload.js" */
/** @import { Attributes } from "./dom.js" */

/** @type {Record<string, string>} */
const SHOWN = { ArrowUp: "↑", ArrowDown: "↓", PageUp: "PgUp", PageDown: "PgDn" };

/** @type {[gesture: string, title: string][]} */
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
  ["right drag while editing", "Erase (with Shift: window)"],
  ["Ctrl + wheel while editing", "Size of the brush"],
];

export class Help {
  /** @param {{ scale: ViewerScale, focus: () => void, keyboard: Keyboard }} parts */
  constructor({ scale, focus, keyboard }) {
    this.keyboard = keyboard;
    this.changing = false;
    /** @type {string | null} the action whose new key is waited for */
    this.waitsFor = null;
    /** @type {string | null} a key that another action has now */
    this.wanted = null;
    this.said = "";
    this.scaleKeys = scale.grades.map((grade) => grade.key);
    this.groups = h("div", { class: "help-groups" });
    this.words = h("p", { class: "dim", role: "status", "data-testid": "keys-status" });
    this.replace = this.button("key-replace", "Use it here instead", () =>
      this.take(this.wanted ?? "", true),
    );
    this.change = this.button("keys-change", "Change keys", () => this.toggleChanging());
    this.reset = this.button("keys-reset", "Back to the first keys", () => this.resetKeys());
    this.root = h(
      "dialog",
      { class: "help", "aria-label": "Keys", "data-testid": "help" },
      h(
        "div",
        { class: "help-head" },
        h("h2", {}, "Keys"),
        h(
          "div",
          { class: "line" },
          this.change,
          this.reset,
          this.button("help-close", "Close", () => this.hide(), {
            "data-action": "leave",
            title: "Close (Escape)",
          }),
        ),
      ),
      h("div", { class: "line" }, this.words, this.replace),
      this.groups,
      h("p", { class: "dim" }, "Research use only. Not a medical device."),
    );
    onClosed(this.root, focus);
    this.update();
  }

  /**
   * @param {string} testid
   * @param {string} word
   * @param {() => void} onclick
   * @param {Attributes} [attributes]
   */
  button(testid, word, onclick, attributes = {}) {
    return h("button", { type: "button", "data-testid": testid, ...attributes, onclick }, word);
  }

  /**
   * @param {string} name
   * @param {[Node[], string][]} rows
   */
  group(name, rows) {
    const lines = rows.flatMap(([keys, title]) => [h("dt", {}, ...keys), h("dd", {}, title)]);
    return h("section", {}, h("h3", {}, name), h("dl", {}, ...lines));
  }

  /**
   * An action's keys, to look at or to change.
   * @param {string} action
   * @returns {Node[]}
   */
  keysOf(action) {
    const own = action === "grade" ? this.scaleKeys : labelsOf(action);
    if (!this.changing || !isChangeable(action)) return own.map((key) => h("kbd", {}, SHOWN[key] ?? key));
    const word = this.waitsFor === action ? "press a key" : own.map((key) => SHOWN[key] ?? key).join(" ");
    const attributes = {
      class: "key",
      "data-change": action,
      title: `Change the key of: ${titleOf(action)}`,
    };
    return [this.button("key", word || "none", () => this.waitFor(action), attributes)];
  }

  update() {
    const table = KEYMAP.map(([name, rows]) =>
      this.group(
        name,
        rows.map(([action, , title]) => [this.keysOf(action), title]),
      ),
    );
    /** @type {[Node[], string][]} */
    const gestures = MOUSE.map(([gesture, title]) => [[h("kbd", {}, gesture)], title]);
    this.groups.replaceChildren(...table, this.group("Mouse and touch", gestures));
    press(this.change, this.changing);
    this.reset.hidden = !this.changing || !Object.keys(this.keyboard.own).length;
    this.replace.hidden = !this.wanted;
    setText(this.words, this.saying());
  }

  saying() {
    if (this.said) return this.said;
    if (this.waitsFor) return "Press the new key, or Escape to leave it as it is.";
    if (this.changing) return "Choose a key to change it. Grades have the keys of the study's scale.";
    const { layout } = this.keyboard;
    if (layout.isWhole) return "As your keyboard has them.";
    return layout.typed.size ? "As far as your keyboard is known by the keys you pressed." : "";
  }

  toggleChanging() {
    this.changing = !this.changing;
    this.waitFor(null);
  }

  /** @param {string | null} action */
  waitFor(action) {
    this.waitsFor = action;
    this.wanted = null;
    this.said = "";
    this.update();
    if (action) this.focusOn(action);
  }

  /** @param {string} action */
  focusOn(action) {
    /** @type {HTMLElement | null} */
    const button = this.groups.querySelector(`[data-change="${action}"]`);
    button?.focus();
  }

  /**
   * A key while one is waited for; true when it was taken.
   * @param {string[]} names
   */
  takeKey(names) {
    if (!this.root.open || !this.waitsFor) return false;
    if (names.includes("Tab")) return false;
    if (names.includes("Escape")) this.waitFor(null);
    else this.take(names.find((name) => actionOf(name, this.scaleKeys)) ?? names[0], false);
    return true;
  }

  /**
   * @param {string} key
   * @param {boolean} replacing
   */
  take(key, replacing) {
    const action = this.waitsFor;
    if (action === null) return;
    const { scaleKeys, keyboard } = this;
    const answer = changeKey(keyboard.own, { action, key, scaleKeys, replacing });
    if ("keys" in answer) {
      this.waitFor(null);
      keyboard.change(answer.keys);
      this.said = `Changed: ${titleOf(action)}.`;
    } else if ("taken" in answer) {
      this.wanted = key;
      this.said = `${key} is taken: ${titleOf(answer.taken)}.`;
    } else {
      const why = scaleKeys.includes(key) ? "gives a grade of this study" : "stays as it is";
      this.wanted = null;
      this.said = `${key} ${why}; press another key.`;
    }
    this.update();
    this.focusOn(action);
  }

  resetKeys() {
    this.waitFor(null);
    this.keyboard.change({});
    this.said = "All keys are as they were first.";
    this.update();
  }

  toggle() {
    if (this.root.open) this.hide();
    else {
      this.changing = false;
      this.waitFor(null);
      this.root.showModal();
    }
  }

  hide() {
    if (this.root.open) this.root.close();
  }
}
