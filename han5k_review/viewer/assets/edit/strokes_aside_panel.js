// @ts-check
// What the palette says of strokes that no longer fit, and what can be done with them.

import { h, setText } from "../panels/dom.js";
import { chooseForm, sayCount } from "../pure/counts.js";

/** @import { Editor } from "./editor.js" */

const KEPT = ["", "It is kept in this browser.", "They are kept in this browser."];

/**
 * Why strokes of one draft are set aside, in one or two sentences.
 * @param {{ reason?: string }[]} strokes
 */
export function sayAside(strokes) {
  const count = strokes.length;
  const many = sayCount(count, "stroke");
  const reason = strokes.find((stroke) => stroke.reason)?.reason;
  const kept = KEPT[Math.min(count, 2)];
  if (!reason)
    return `${many} no longer ${chooseForm(count, "fits", "fit")}: the contour was changed elsewhere meanwhile. ${kept}`;
  const later = count === 1 ? "" : " The first could not, the others were drawn after it.";
  return `${many} could not be saved: ${reason}${later} ${kept}`;
}

export class AsidePanel {
  /**
   * `word(testid, text, onclick)` makes a button of the palette.
   * @param {Editor} editor
   * @param {(testid: string, text: string, onclick: () => void) => HTMLButtonElement} word
   */
  constructor(editor, word) {
    this.editor = editor;
    this.words = h("p", {});
    this.draw = word("aside-try", "Draw them on this contour", () => editor.aside.draw());
    this.root = h(
      "div",
      { class: "alert", role: "status", hidden: true, "data-testid": "aside" },
      this.words,
      this.draw,
      word("aside-download", "Download", () => editor.aside.save()),
      word("aside-discard", "Discard them", () => this.ask()),
    );
  }

  ask() {
    this.editor.asking = "aside";
    this.editor.tell("edit");
  }

  update() {
    const { editor } = this;
    const strokes = editor.readOnly ? [] : editor.aside.entries();
    const count = strokes.length;
    this.root.hidden = count === 0;
    if (!count) return;
    setText(this.words, sayAside(strokes));
    setText(this.draw, `Draw ${chooseForm(count, "it", "them")} on this contour`);
    this.draw.disabled = !editor.ready;
    this.draw.title = editor.ready
      ? "Each stroke becomes a step that Undo takes back"
      : "Edit the structure first";
  }
}
