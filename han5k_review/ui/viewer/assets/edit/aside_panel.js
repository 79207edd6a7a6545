// What the palette says of strokes that no longer fit, and what can be done with them.

import { h, setText } from "../panels/dom.js";

export class AsidePanel {
  /** `word(testid, text, onclick)` makes a button of the palette. */
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
    const count = editor.readOnly ? 0 : editor.aside.entries().length;
    this.root.hidden = count === 0;
    if (!count) return;
    setText(
      this.words,
      count === 1
        ? "1 stroke no longer fits: the contour was changed elsewhere meanwhile. It is kept in this browser."
        : `${count} strokes no longer fit: the contour was changed elsewhere meanwhile. They are kept in this browser.`,
    );
    setText(this.draw, count === 1 ? "Draw it on this contour" : "Draw them on this contour");
    this.draw.disabled = !editor.ready;
    this.draw.title = editor.ready
      ? "Each stroke becomes a step that Undo takes back"
      : "Edit the structure first";
  }
}
