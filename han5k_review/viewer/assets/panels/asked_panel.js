// @ts-check
// What the protocol asks beside the grade: what made the contour, and how sure the reader is.

import { h, press } from "./dom.js";

/** @import { Reading } from "../reading.js" */
/** @import { Grader } from "../grader.js" */
/** @import { GradeDraft } from "../pure/grading.js" */

export class AskedPanel {
  /**
   * @param {Reading} reading
   * @param {Grader} grader
   */
  constructor(reading, grader) {
    this.reading = reading;
    this.grader = grader;
    const { source_guesses: guesses, most_confident: most } = reading.data;
    this.guesses = new Map(
      (guesses ?? []).map((guess) => [
        guess,
        this.button(guess, "guess", (draft) => {
          draft.guess = draft.guess === guess ? null : guess;
        }),
      ]),
    );
    this.steps = new Map(
      Array.from({ length: most ?? 0 }, (_, place) => place + 1).map((step) => [
        step,
        this.button(`${step}`, "confidence", (draft) => {
          draft.confidence = draft.confidence === step ? null : step;
        }),
      ]),
    );
    this.root = h(
      "div",
      { class: "asked", "data-testid": "asked" },
      this.row("Made by", [...this.guesses.values()]),
      this.row("How sure", [...this.steps.values()]),
    );
    this.root.hidden = !this.guesses.size && !this.steps.size;
  }

  /**
   * @param {string} words
   * @param {HTMLElement[]} buttons
   */
  row(words, buttons) {
    const row = h(
      "div",
      { class: "tags", role: "group", "aria-label": words },
      h("span", { class: "dim" }, words),
      ...buttons,
    );
    row.hidden = !buttons.length;
    return row;
  }

  /**
   * @param {string} words
   * @param {string} kind
   * @param {(draft: GradeDraft) => void} change
   */
  button(words, kind, change) {
    return h(
      "button",
      {
        class: "tag",
        type: "button",
        "data-testid": kind,
        title: kind === "guess" ? "Press again to take it back" : "1: a guess, 5: certain",
        onclick: () => {
          const { selected } = this.reading.state;
          if (selected === null) return;
          change(this.grader.draft(selected));
          this.update(this.grader.draft(selected));
          this.grader.amend(selected);
        },
      },
      words,
    );
  }

  /** @param {GradeDraft} draft */
  update(draft) {
    for (const [guess, button] of this.guesses) press(button, draft.guess === guess);
    for (const [step, button] of this.steps) press(button, draft.confidence === step);
  }
}
