// @ts-check
// The line above everything: case, progress, save state, next case, help.

import { doneWord } from "../drawing.js";
import { countGraded } from "../pure/catalogue.js";
import { sayCount } from "../pure/counts.js";
import { tooltip } from "../pure/keymap.js";
import { h, setText } from "./dom.js";

/** @import { Volume } from "../net/volume.js" */
/** @import { PanelParts } from "../workspace_parts.js" */
/** @import { UnsavedPanel } from "./unsaved_panel.js" */

export class Header {
  /** @param {PanelParts & { unsaved: UnsavedPanel }} parts */
  constructor({ data, grader, act, signIn, unsaved }) {
    this.grader = grader;
    this.structures = data.structures;
    this.done = doneWord(data);
    this.case = h("strong", { class: "case", "data-testid": "case" }, data.case);
    this.progress = h("span", { "data-testid": "progress" });
    this.meter = h("progress", {
      max: String(data.structures.length),
      "aria-label": `Structures ${this.done}`,
    });
    this.save = h("span", {
      class: "save",
      "data-testid": "save-state",
      role: "status",
      "aria-live": "polite",
    });
    this.load = h("span", { class: "load", "data-testid": "load-state", role: "status" });
    this.signIn = h(
      "button",
      { class: "loud", type: "button", hidden: true, "data-testid": "sign-in", onclick: signIn },
      "Sign in",
    );
    this.next = h(
      "button",
      {
        type: "button",
        "data-action": "next-case",
        "data-testid": "next-case",
        title: tooltip("next-case"),
        onclick: () => act("next-case"),
      },
      "Next case ›",
    );
    this.sign = h(
      "button",
      {
        type: "button",
        hidden: true,
        "data-action": "sign",
        "data-testid": "sign-read",
        title: tooltip("sign"),
        onclick: () => act("sign"),
      },
      "Sign",
    );
    this.maySign = Boolean(data.addresses.signature);
    this.work = h("span", { class: "work" }, this.meter, this.progress, this.save, this.signIn);
    this.root = h(
      "header",
      { class: "head" },
      this.case,
      this.work,
      unsaved.sign,
      this.load,
      h("span", { class: "spring" }),
      this.sign,
      data.next ? this.next : null,
      h(
        "button",
        {
          type: "button",
          "data-action": "help",
          "data-testid": "help-button",
          title: tooltip("help"),
          onclick: () => act("help"),
        },
        h("kbd", {}, "?"),
        " Keys",
      ),
    );
    this.work.hidden = grader.readOnly;
    if (grader.readOnly)
      this.case.after(
        h(
          "span",
          { class: "dim" },
          data.signed ?? (data.assignment === null ? "read only" : "adjudication: edit, nothing to grade"),
        ),
      );
  }

  update() {
    const graded = countGraded(this.structures, this.grader.grades);
    this.meter.value = graded;
    setText(this.progress, `${graded} / ${this.structures.length} ${this.done}`);
    const { word, tone, sentence } = this.grader.saying();
    setText(this.save, word);
    this.save.className = `save ${tone}`;
    this.save.title = sentence;
    const isComplete = graded === this.structures.length;
    this.next.classList.toggle("loud", isComplete);
    this.sign.hidden = !(this.maySign && isComplete);
  }

  /**
   * @param {Volume | null} volume
   * @param {{ lost: boolean, expired: boolean }} connection
   */
  sayLoading(volume, { lost, expired }) {
    this.signIn.hidden = !expired && this.grader.save.state !== "expired";
    if (expired) return this.say("signed out: sign in to go on loading", "bad");
    if (lost) return this.say("connection lost, trying again", "warn");
    if (!volume) return this.say("opening", "");
    const { total, ready, damaged, waiting } = volume.progress();
    if (waiting) return this.say(`loading ${Math.round((100 * ready) / total)} %`, "");
    if (damaged) return this.say(`${sayCount(damaged, "part")} of the CT damaged`, "bad");
    return this.say("", "");
  }

  /**
   * @param {string} word
   * @param {"" | "warn" | "bad"} tone
   */
  say(word, tone) {
    if (this.load.textContent === word && this.load.dataset.tone === tone) return;
    this.load.dataset.tone = tone;
    setText(this.load, word);
    this.load.className = `load ${tone}`;
  }
}
