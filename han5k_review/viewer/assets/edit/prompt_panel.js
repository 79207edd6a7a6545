// @ts-check
// Prompts in the edit panel: their kinds, whether they can be used, the licence of the server's model.

import { shortKey } from "../keyboard.js";
import { h, press, setText } from "../panels/dom.js";
import { wordButton } from "./controls.js";
import { kindOf } from "./prompt_strokes.js";

/** @import { Editor } from "./editor.js" */
/** @import { PromptKind } from "./prompt_strokes.js" */

/** @type {[kind: PromptKind, word: string, title: string][]} */
const TOOLS = [
  ["point", "Point", "Click on tissue"],
  ["scribble", "Scribble", "Draw a short line over tissue"],
  ["lasso", "Lasso", "Draw a line round tissue"],
  ["box", "Box", "Drag a box over tissue"],
];

export class PromptPanel {
  /** @param {{ editor: Editor, act: (action: string, argument?: any) => void, focus: () => void }} parts */
  constructor({ editor, act, focus }) {
    this.editor = editor;
    const { prompts } = editor;
    this.buttons = TOOLS.map(([kind, word, title]) => {
      const button = wordButton(`prompt-${kind}`, word, () => act("prompt", kind), focus);
      button.title = `${title} that belongs to it (right button: that does not)`;
      return { kind, button };
    });
    this.outside = wordButton("prompt-outside", "Left: −", () => prompts.choose(!prompts.isOutside), focus);
    this.outside.title = "The left button draws what does not belong to it, the right one what does";
    this.again = wordButton("prompt-again", "Try again", () => prompts.refresh(), focus);
    this.why = h("p", { class: "warnings", role: "status", "data-testid": "prompt-why" });
    this.licence = h("small", { class: "licence", "data-testid": "prompt-licence" });
    this.tools = h("div", { class: "tools" }, ...this.buttons.map(({ button }) => button), this.outside);
    this.root = h(
      "div",
      { class: "grading", hidden: true, "data-testid": "prompts" },
      h(
        "div",
        { class: "line" },
        h("kbd", { "data-key": "prompt" }, shortKey("prompt")),
        h("h3", {}, "Prompts for the server"),
      ),
      this.tools,
      this.why,
      this.again,
      this.licence,
    );
    this.words = h("span", { role: "status" });
    this.seconds = h("span", { "aria-hidden": "true" });
    /** Over the lower end of the panel, as all that comes and goes. */
    this.asking = h(
      "p",
      { class: "alert", hidden: true, "data-testid": "prompt-asking" },
      this.words,
      " ",
      this.seconds,
    );
  }

  update() {
    const { prompts, options } = this.editor;
    const { available, why, licence } = prompts.state;
    this.root.hidden = !prompts.allowed || !(available || why);
    this.root.dataset.working = prompts.asking ? prompts.kind : "";
    this.tools.hidden = !available;
    const inHand = kindOf(options.tool);
    for (const { kind, button } of this.buttons) {
      press(button, inHand === kind);
      button.disabled = prompts.asking !== null;
    }
    press(this.outside, prompts.isOutside);
    this.outside.disabled = prompts.asking !== null;
    setText(this.why, available ? "" : (why ?? ""));
    this.again.hidden = available;
    setText(this.licence, available && licence ? `Licence of its model: ${licence}` : "");
    this.licence.title = this.licence.textContent ?? "";
    const saying = prompts.saying();
    this.asking.hidden = !saying;
    setText(this.words, saying?.sentence ?? "");
    setText(this.seconds, saying ? `${saying.seconds} s` : "");
  }
}
