// @ts-check
// Questions over the picture, one at a time, answered by key or by a click.
//
// A key counts only after the question was in sight for a moment: the key that brought it, pressed
// twice or bouncing, answers nothing. Slices can be looked through meanwhile.

import { h, setText } from "./dom.js";

/** @typedef {{ id: string, key: string, also?: string, words: string, loud?: boolean }} Answer `key` is written on its button. */
/**
 * A `menu` was asked for by the reader; an `offer` gives way when the reader goes on without an answer.
 * @typedef {"question" | "menu" | "offer"} Kind
 * @typedef {{ words: string, answers: Answer[], kind: Kind, done: (id: string) => void }} Asked
 */

const IN_SIGHT_MS = 250;
const LOOKING = /^(Arrow|Page)|^(Home|End)$/;
export const STAY = "stay";

export class Question {
  /** @param {() => void} focus gives the keys back to the picture */
  constructor(focus) {
    this.focus = focus;
    /** @type {Asked[]} */
    this.waiting = [];
    this.since = 0;
    this.words = h("p", { "data-testid": "question-words" });
    this.choices = h("div", { class: "answers" });
    this.root = h(
      "div",
      {
        class: "question",
        role: "alertdialog",
        "aria-live": "assertive",
        hidden: true,
        "data-testid": "question",
      },
      this.words,
      this.choices,
    );
  }

  get open() {
    return this.waiting.length > 0;
  }

  /**
   * The id of the answer; `STAY` for Escape. A menu takes keys at once.
   * @param {string} words
   * @param {Answer[]} answers
   * @param {Kind} kind
   * @returns {Promise<string>}
   */
  ask(words, answers, kind = "question") {
    return new Promise((done) => {
      this.waiting.push({ words, answers, kind, done });
      if (this.waiting.length === 1) this.show();
    });
  }

  show() {
    const [asked] = this.waiting;
    this.root.hidden = !asked;
    this.since = performance.now();
    setText(this.words, asked?.words ?? "");
    this.choices.replaceChildren(...(asked?.answers ?? []).map((answer) => this.button(answer)));
  }

  /** @param {Answer} answer */
  button({ id, key, words, loud }) {
    return h(
      "button",
      {
        type: "button",
        class: loud ? "loud" : "",
        "data-testid": `answer-${id}`,
        onclick: () => this.answer(id),
      },
      h("kbd", {}, key),
      ` ${words}`,
    );
  }

  /** @param {string} id */
  answer(id) {
    const asked = this.waiting.shift();
    this.show();
    this.focus();
    asked?.done(id);
  }

  /** The reader goes on: an offer that was not answered is declined. */
  giveWay() {
    if (this.waiting[0]?.kind === "offer") this.answer(STAY);
  }

  /**
   * A key by all its names; true when the question took it.
   * @param {string[]} names
   */
  takeKey(names) {
    const [asked] = this.waiting;
    if (!asked) return false;
    if (names.some((name) => LOOKING.test(name))) return false;
    const chosen = names.includes("Escape")
      ? STAY
      : asked.answers.find(({ key, also }) => names.includes(key) || (also && names.includes(also)))?.id;
    if (!chosen && asked.kind === "offer") return false;
    if (asked.kind !== "menu" && performance.now() - this.since < IN_SIGHT_MS) return true;
    if (chosen) this.answer(chosen);
    return true;
  }
}
