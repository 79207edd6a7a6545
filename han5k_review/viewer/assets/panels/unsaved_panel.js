// @ts-check
// What could not be stored: a sign in the header, and a list with each reason, to mend or to drop.

import { sayAside } from "../edit/strokes_aside_panel.js";
import { tooltip } from "../pure/keymap.js";
import { h, onClosed, setText } from "./dom.js";

/** @import { Editor } from "../edit/editor.js" */
/** @import { GradeEntry } from "../net/grade_queue.js" */
/** @import { StrokeEntry } from "../edit/draft_queue.js" */
/** @import { PanelParts } from "../workspace_parts.js" */

/**
 * A grade, or the strokes of one draft together, that could not be stored.
 * @typedef {{ kind: "grade", entry: GradeEntry, entries: GradeEntry[] }
 *   | { kind: "strokes", entry: StrokeEntry, entries: StrokeEntry[] }} UnsavedItem
 * @typedef {(item: UnsavedItem & { name: string }) => void} OpenHere
 */

/**
 * @param {string} testid
 * @param {string} word
 * @param {() => void} onclick
 */
const button = (testid, word, onclick, title = "") =>
  h("button", { type: "button", "data-testid": testid, title: title || null, onclick }, word);

export class UnsavedPanel {
  /** @param {PanelParts & { editor: Editor, openHere: OpenHere }} parts `openHere` opens it on this page */
  constructor({ data, grader, editor, act, focus, tell, openHere }) {
    this.data = data;
    this.grader = grader;
    this.editor = editor;
    this.tell = tell;
    this.openHere = openHere;
    /** @type {string | null} the entry that is asked about */
    this.asked = null;
    this.shown = "";
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
    onClosed(this.root, focus);
  }

  /**
   * Each grade, and the strokes of each draft together.
   * @returns {UnsavedItem[]}
   */
  items() {
    /** @type {UnsavedItem[]} */
    const grades = this.grader.queue.aside().map((entry) => ({ kind: "grade", entry, entries: [entry] }));
    /** @type {Map<string, { kind: "strokes", entry: StrokeEntry, entries: StrokeEntry[] }>} */
    const drafts = new Map();
    for (const stroke of this.editor.session.queue.asideOf()) {
      const of = drafts.get(stroke.url) ?? { kind: "strokes", entry: stroke, entries: [] };
      of.entries.push(stroke);
      drafts.set(stroke.url, of);
    }
    return [...grades, ...drafts.values()];
  }

  toggle() {
    if (this.root.open) return this.root.close();
    this.asked = null;
    this.update();
    this.root.showModal();
    return this.find("unsaved-mend")?.focus();
  }

  /**
   * @param {string} testid
   * @returns {HTMLElement | null}
   */
  find(testid) {
    return this.root.querySelector(`[data-testid=${testid}]`);
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

  /** @param {UnsavedItem} item */
  row(item) {
    const { kind, entry } = item;
    const name =
      kind === "grade" ? entry.body.structure : decodeURIComponent(entry.url.split("/").at(-1) ?? "");
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

  /** @param {{ url: string }} entry */
  isHere({ url }) {
    return url === this.grader.url || url.startsWith(`${this.editor.session.drafts.base}/`);
  }

  /** @param {import("../net/grade_queue.js").GradeBody} body */
  sayGrade({ code, comment, tags }) {
    const grade = this.data.scale.grades.find((one) => one.code === code);
    const what = code === null ? "grade taken back" : (grade?.title ?? code);
    return [what, ...(tags ?? []), comment ? `“${comment}”` : ""].filter(Boolean).join(", ");
  }

  /**
   * @param {UnsavedItem} item
   * @param {string} name
   * @param {boolean} isHere
   */
  buttons(item, name, isHere) {
    const { entry } = item;
    const open = () => (isHere ? this.open(item, name) : this.goTo(entry));
    const sent = item.kind === "grade" && (item.entry.status ?? 500) >= 500 ? item.entry : null;
    return h(
      "div",
      { class: "line" },
      button(
        "unsaved-mend",
        isHere ? "Mend" : "Open the case to mend it",
        open,
        "Open the structure with what was noted, correct it, and save it again",
      ),
      sent
        ? button("unsaved-again", "Send again", () => {
            this.grader.queue.sendAgain(sent);
            this.tell("save", "grades", "list");
          })
        : null,
      button("unsaved-drop", "Drop", () => this.ask(entry.id)),
    );
  }

  /** @param {UnsavedItem} item */
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

  /** @param {string | null} id */
  ask(id) {
    this.asked = id;
    this.update();
    this.find(id === null ? "unsaved-drop" : "unsaved-keep")?.focus();
  }

  /** @param {UnsavedItem} item */
  drop(item) {
    this.asked = null;
    if (item.kind === "grade") this.grader.queue.drop(item.entry);
    else this.editor.session.queue.aside.remove(item.entries);
    this.tell("save", "grades", "list", "edit");
    this.update();
  }

  /**
   * @param {UnsavedItem} item
   * @param {string} name
   */
  open(item, name) {
    this.root.close();
    this.openHere({ ...item, name });
  }

  /**
   * To the page on which it was made.
   * @param {{ page?: string }} entry
   */
  goTo({ page }) {
    if (page) location.assign(page);
  }
}
