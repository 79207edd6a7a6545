// @ts-check
// One sentence over the picture: what could not be shown, and a second try where that may help.

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
    this.root = h("p", { class: "banner", role: "alert", hidden: true }, this.words, this.button);
  }

  /**
   * @param {string} sentence
   * @param {boolean} [again] with the button that tries once more
   */
  say(sentence, again) {
    setText(this.words, sentence);
    this.button.hidden = !again;
    this.root.hidden = false;
  }
}
