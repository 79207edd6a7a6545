// @ts-check
// One sentence over the picture: what could not be shown, with a second try where that may help; it stays
// until it is closed. A notice of what a key could not do goes with the next key.

import { h, setText } from "./dom.js";

export class Banner {
  /** @param {() => void} tryAgain */
  constructor(tryAgain) {
    this.words = h("span", { "data-testid": "banner" });
    const onclick = () => {
      this.root.hidden = true;
      tryAgain();
    };
    this.button = h("button", { type: "button", "data-testid": "try-again", onclick }, "Try again");
    this.stays = false;
    const close = h(
      "button",
      { type: "button", class: "close", "data-testid": "banner-close", onclick: () => this.close() },
      "Close",
    );
    this.root = h("p", { class: "banner", role: "alert", hidden: true }, this.words, this.button, close);
  }

  /**
   * @param {string} sentence
   * @param {{ again?: boolean, stays?: boolean }} how `again`: with the button that tries once more
   */
  say(sentence, { again = false, stays = again } = {}) {
    setText(this.words, sentence);
    this.button.hidden = !again;
    this.stays = stays;
    this.root.hidden = false;
  }

  /** A key or button was used: a notice has been read. */
  pass() {
    if (!this.stays) this.close();
  }

  close() {
    this.root.hidden = true;
  }
}
