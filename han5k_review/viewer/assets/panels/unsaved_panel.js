// What could not be stored: a sign in the header, and a list with each reason, to mend or to drop.

import { sayAside } from "../edit/strokes_aside_panel.js";
import { tooltip } from "../pure/keymap.js";
import { h, setText } from "./dom.js";

const button = (testid, word, onclick, title = "") =>
  h("button", { type: "button", "data-testid": testid, title: title || null, onclick }, word);

export class UnsavedPanel {
  /** `act` does actions; `mending(entry)` opens what is to be mended on this page. */
  constructor({ data, grader, editor, act, focus, tell, mending }) {
    Object.assign(this, { data, grader, editor, act, tell, mending, asked: null, shown: "" });
    this.sign = h("button", {
      class: "unsaved",
      type: "button",
      hidden: true,
      "data-action": "unsaved",
      "data-testid": "unsaved-sign",
      title: tooltip("unsaved"),
      onclick: () => act("unsaved"),
    });
    this.rows = h("ul", { class: "unsaved-rows" });
    this.root = h(
      "dialog",
      { class: "help unsaved-list", "aria-label": "Not saved", "data-testid": "unsaved" },
      h(
        "div",
        { class: "help-head" },
        h("h2", {}, "Not saved"),
        button("unsaved-close", "Close", () => this.root.close(), "Close (Escape)"),
      ),
      h(
        "p",
        { class: "dim" },
        "The server could not take these. They are kept in this browser until you mend or drop them; everything else was saved.",
      ),
      this.rows,
    );
    this.root.addEventListener("close", () => {
      if (this.root.open) return; // it was opened again meanwhile
      this.asked = null;
      if (!this.isMending) focus(); // what is mended has the focus already
      this.isMending = false;
    });
  }

  /** [{ id, kind, url, entries, ... }]: each grade, and the strokes of each draft together. */
  items() {
    const grades = this.grader.queue.aside().map((entry) => ({ kind: "grade", entry, entries: [entry] }));
    const drafts = new Map();
    for (const stroke of this.editor.session.queue.asideOf()) {
      if (!drafts.has(stroke.url)) drafts.set(stroke.url, { kind: "strokes", entry: stroke, entries: [] });
      drafts.get(stroke.url).entries.push(stroke);
    }
    return [...grades, ...drafts.values()];
  }

  toggle() {
    if (this.root.open) return this.root.close();
    this.update();
    this.root.showModal();
    return this.root.querySelector("[data-testid=unsaved-mend]")?.focus();
  }

  update() {
    const items = this.items();
    const count = items.reduce((sum, { entries }) => sum + entries.length, 0);
    setText(this.sign, `${count} not saved`);
    this.sign.hidden = count === 0;
    if (!count && this.root.open) this.root.close();
    const shown = JSON.stringify([items.map(({ entries }) => entries.map(({ id }) => id)), this.asked]);
    if (shown === this.shown) return;
    this.shown = shown;
    this.rows.replaceChildren(...items.map((item) => this.row(item)));
  }

  row(item) {
    const { kind, entry } = item;
    const name = kind === "grade" ? entry.body.structure : decodeURIComponent(entry.url.split("/").at(-1));
    const isHere = this.isHere(entry);
    const where = isHere || !entry.case ? name : `${entry.case}  ${name}`;
    return h(
      "li",
      { "data-testid": "unsaved-row", "data-of": name },
      h("strong", {}, where),
      h("span", { class: "dim" }, kind === "grade" ? this.sayGrade(entry.body) : ""),
      h("p", { "data-testid": "unsaved-reason" }, kind === "grade" ? entry.reason : sayAside(item.entries)),
      this.asked === entry.id ? this.question(item) : this.buttons(item, name, isHere),
    );
  }

  isHere({ url }) {
    return url === this.grader.url || url.startsWith(`${this.editor.session.drafts.base}/`);
  }

  sayGrade({ code, comment, tags }) {
    const grade = this.data.scale.grades.find((one) => one.code === code);
    const what = code === null ? "grade taken back" : (grade?.title ?? code);
    return [what, ...(tags ?? []), comment ? `“${comment}”` : ""].filter(Boolean).join(", ");
  }

  buttons(item, name, isHere) {
    const { entry, kind } = item;
    const mend = () => (isHere ? this.mend(item, name) : this.goTo(entry));
    const passing = kind === "grade" && (entry.status === null || entry.status >= 500);
    return h(
      "div",
      { class: "line" },
      button(
        "unsaved-mend",
        isHere ? "Mend" : "Open the case to mend it",
        mend,
        "Open the structure with what was noted, correct it, and save it again",
      ),
      passing
        ? button("unsaved-again", "Send again", () => {
            this.grader.queue.sendAgain(entry);
            this.tell("save", "grades", "list");
          })
        : null,
      button("unsaved-drop", "Drop", () => this.ask(entry.id)),
    );
  }

  question(item) {
    const what = item.kind === "grade" ? "this grade" : "these strokes";
    return h(
      "div",
      { class: "line", role: "alert" },
      `Drop ${what} for good?`,
      button("unsaved-confirm", "Drop", () => this.drop(item)),
      button("unsaved-keep", "Keep", () => this.ask(null)),
    );
  }

  ask(id) {
    this.asked = id;
    this.update();
    const next = id === null ? "unsaved-drop" : "unsaved-keep";
    this.rows.querySelector(`[data-testid=${next}]`)?.focus();
  }

  drop({ kind, entry, entries }) {
    this.asked = null;
    if (kind === "grade") this.grader.queue.drop(entry);
    else this.editor.session.queue.aside.remove(entries);
    this.tell("save", "grades", "list", "edit");
    this.update();
  }

  mend({ kind, entry }, name) {
    this.isMending = true;
    this.root.close();
    this.mending({ kind, entry, name });
  }

  /** To the page on which it was made. */
  goTo({ page }) {
    if (page) location.assign(page);
  }
}
