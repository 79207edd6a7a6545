// @ts-check
// Prompts in the edit panel: their kinds, whether they can be used, the licence of the server's model.

import { shortKey } from "../keyboard.js";
import { h, press, setText } from "../panels/dom.js";
import { wordButton } from "./controls.js";
import { KINDS, kindOf, sayHow } from "./prompt_strokes.js";

/** @import { Act } from "../workspace_parts.js" */
/** @import { Editor } from "./editor.js" */
/** @import { PromptKind } from "./prompt_strokes.js" */

/** @type {Record<PromptKind, string>} */
const WORDS = { point: "Point", scribble: "Scribble", lasso: "Lasso", box: "Box" };

export class PromptPanel {
  /** @param {{ editor: Editor, act: Act, focus: () => void }} parts */
  constructor({ editor, act, focus }) {
    this.editor = editor;
    const { prompts } = editor;
    this.buttons = KINDS.map((kind) => {
      const button = wordButton(`prompt-${kind}`, WORDS[kind], () => act("prompt", kind), focus);
      return { kind, button };
    });
    this.outside = wordButton(
      "prompt-outside",
      "Left: outside",
      () => prompts.choose(!prompts.isOutside),
      focus,
    );
    this.outside.title = "The left button draws what does not belong to it, the right one what does";
    this.again = wordButton("prompt-again", "Try again", () => prompts.refresh(), focus);
    this.why = h("p", { class: "warnings", role: "status", "data-testid": "prompt-why" });
    this.licence = h("small", { class: "licence", "data-testid": "prompt-licence" });
    this.tools = h("div", { class: "tools kinds" }, ...this.buttons.map(({ button }) => button));
    this.root = h(
      "div",
      { class: "grading prompts", hidden: true, "data-testid": "prompts" },
      h(
        "div",
        { class: "line" },
        h("kbd", { "data-key": "prompt" }, shortKey("prompt")),
        h("h3", {}, "Prompts"),
        this.outside,
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
    const { available, why, licence, server } = prompts.state;
    this.root.hidden = !prompts.allowed || server === null;
    this.root.dataset.working = prompts.asking ? prompts.kind : "";
    this.tools.hidden = this.outside.hidden = !available;
    const inHand = kindOf(options.tool);
    for (const { kind, button } of this.buttons) {
      press(button, inHand === kind);
      button.title = sayHow(kind, prompts.isOutside);
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
