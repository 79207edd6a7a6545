// @ts-check
// The planned dose: its button, its settings, and the legend in the large view. Only where a dose is known.

import { LEVELS_OF } from "../dose_shown.js";
import { DOSE_UNITS, readLevels } from "../pure/isodose.js";
import { tooltip } from "../pure/keymap.js";
import { h, press, setText } from "./dom.js";

/** @import { DoseUnit } from "../pure/isodose.js" */
/** @import { DoseShown } from "../dose_shown.js" */
/** @typedef {{ dose: DoseShown, act: (action: string) => void, focus: () => void }} Parts */

export class DosePanel {
  /** @param {Parts} parts */
  constructor({ dose, act, focus }) {
    this.dose = dose;
    this.legend = h("div", { class: "dose-legend", "data-testid": "dose-legend", hidden: true });
    this.written = "";
    this.toggle = h(
      "button",
      { type: "button", "data-action": "dose", title: tooltip("dose"), onclick: () => act("dose") },
      "Dose",
    );
    this.lines = this.switch("Lines", "doseLines");
    this.wash = this.switch("Wash", "doseWash");
    this.settings = this.buildSettings(focus);
    this.open = h(
      "button",
      {
        type: "button",
        "data-testid": "dose-settings-button",
        title: "Levels of the dose, and what they are of",
        onclick: () => this.settings.togglePopover(),
      },
      "Levels ...",
    );
    this.words = h("p", { class: "dim", "data-testid": "dose-words", role: "status" });
    this.root = h(
      "div",
      { class: "compare", "data-testid": "dose" },
      h("h3", {}, "Planned dose"),
      h("div", { class: "line" }, this.toggle, this.lines, this.wash, this.open),
      this.words,
      this.settings,
    );
  }

  /**
   * @param {string} word
   * @param {"doseLines" | "doseWash"} name
   */
  switch(word, name) {
    const title = name === "doseLines" ? "Isodose lines on or off" : "Colour wash on or off";
    const { dose } = this;
    const onclick = () => dose.show({ [name]: !dose.reading.state[name] });
    return h("button", { type: "button", title, "data-testid": name, onclick }, word);
  }

  /** @param {() => void} focus */
  buildSettings(focus) {
    const { dose } = this;
    const { state } = dose.reading;
    const units = Object.entries(DOSE_UNITS).map(([unit, { title }]) => h("option", { value: unit }, title));
    this.unit = h(
      "select",
      { "aria-label": "Levels in", "data-testid": "dose-unit", onchange: () => this.takeUnit() },
      ...units,
    );
    this.levels = h("input", {
      type: "text",
      "aria-label": "Levels",
      "data-testid": "dose-levels",
      spellcheck: "false",
      onchange: () => this.takeLevels(),
    });
    this.prescription = h("input", {
      type: "number",
      min: "0",
      max: "200",
      step: "any",
      "aria-label": "Prescription in Gy",
      "data-testid": "dose-prescription",
      onchange: () => this.takePrescription(),
    });
    this.wrong = h("p", { class: "bad", role: "alert", "data-testid": "dose-wrong" });
    const opacity = h("input", {
      type: "range",
      min: "0.05",
      max: "0.8",
      step: "0.05",
      value: String(state.doseOpacity),
      "aria-label": "Opacity of the wash",
      oninput: () => dose.show({ doseOpacity: Number(opacity.value) }),
    });
    return h(
      "div",
      {
        class: "dose-settings",
        popover: "auto",
        "data-testid": "dose-settings",
        ontoggle: (/** @type {ToggleEvent} */ event) => event.newState === "closed" && focus(),
      },
      h("label", {}, "Levels in", this.unit),
      h("label", {}, "Levels", this.levels),
      h("label", {}, "Prescription, Gy", this.prescription),
      h("label", {}, "Wash", opacity),
      this.wrong,
      h("p", { class: "dim" }, "Levels with spaces between. The prescription is for this case only."),
    );
  }

  hide() {
    if (this.settings.matches(":popover-open")) this.settings.hidePopover();
  }

  takeUnit() {
    if (this.unit) this.dose.show({ doseUnit: this.unit.value });
    this.say("");
  }

  takeLevels() {
    if (!this.levels) return;
    const read = readLevels(this.levels.value, this.dose.unit);
    this.say("wrong" in read ? read.wrong : "");
    if ("numbers" in read) this.dose.show({ [LEVELS_OF[this.dose.unit]]: read.numbers.join(" ") });
  }

  takePrescription() {
    const gy = Number(this.prescription?.value);
    const isDose = gy > 0 && gy <= 200;
    this.say(isDose ? "" : "A prescription above 0 and up to 200 Gy was expected.");
    if (!isDose) return;
    this.dose.given = gy;
    this.dose.show({});
  }

  /** @param {string} sentence */
  say(sentence) {
    if (this.wrong) setText(this.wrong, sentence);
  }

  update() {
    const { dose } = this;
    const { state } = dose.reading;
    press(this.toggle, state.dose);
    press(this.lines, state.doseLines);
    press(this.wash, state.doseWash);
    setText(this.words, state.dose ? dose.trouble : "");
    this.fill(this.unit, dose.unit);
    this.fill(this.levels, state[LEVELS_OF[dose.unit]]);
    this.fill(this.prescription, dose.prescription === null ? "" : String(dose.prescription));
    this.updateLegend();
  }

  /**
   * A field shows what counts, unless a person writes in it or was told what is wrong with it.
   * @param {HTMLInputElement | HTMLSelectElement | undefined} field
   * @param {string} text
   */
  fill(field, text) {
    if (field && !this.wrong?.textContent && field.value !== text && !field.matches(":focus"))
      field.value = text;
  }

  updateLegend() {
    const { dose, legend } = this;
    const levels = dose.reading.state.dose && !dose.trouble ? dose.listLevels() : [];
    legend.hidden = !levels.length;
    const written = levels.map(({ words, colour }) => `${colour} ${words}`).join("|");
    if (written === this.written) return;
    this.written = written;
    legend.replaceChildren(
      h("b", {}, `Dose, ${DOSE_UNITS[/** @type {DoseUnit} */ (dose.unit)].title}`),
      ...levels.map(({ words, colour }) =>
        h("span", {}, h("i", { style: `background:${colour}` }), `from ${words}`),
      ),
    );
  }
}
