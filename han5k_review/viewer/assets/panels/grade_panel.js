// @ts-check
// The right panel's upper part: the chosen structure, its grade, tags, comment, hints.
import { tagLetters } from "../pure/catalogue.js";
import { levelOf } from "../pure/colours.js";
import { keysOf, tooltip } from "../pure/keymap.js";
import { AskedPanel } from "./asked_panel.js";
import { h, icon, press, setText } from "./dom.js";

/** @import { ViewerScaleGrade, ViewerStructure } from "../pure/payload.js" */
/** @import { PanelParts } from "../workspace_parts.js" */

const TO_DRAW = "No contour is shown: draw it, then submit it.";

export class GradePanel {
  /** @param {PanelParts} parts */
  constructor({ reading, grader, act, focus }) {
    this.reading = reading;
    this.grader = grader;
    this.act = act;
    this.tagging = false;
    /** @type {string | null} the structure whose comment is being written */
    this.commented = null;
    const { scale, manual } = reading.data;
    this.letters = tagLetters(scale.tags);
    this.empty = manual ? null : "empty mask";
    this.title = h("h2", { "data-testid": "structure-title" });
    this.sub = h("p", { class: "dim", "data-testid": "structure-facts" });
    this.alert = h("p", { class: "alert", role: "alert", hidden: true, "data-testid": "alert" });
    this.feedback = h("p", { class: "alert", role: "status", hidden: true, "data-testid": "feedback" });
    this.buttons = new Map(scale.grades.map((grade) => [grade.code, this.gradeButton(grade)]));
    this.tagButtons = new Map(scale.tags.map((tag) => [tag, this.tagButton(tag)]));
    this.tagBox = h(
      "div",
      { class: "tags", role: "group", "aria-label": "Issue tags", "data-testid": "tags" },
      ...this.tagButtons.values(),
    );
    this.tagsEnter = this.small("tags", "Tags");
    this.flag = this.small("flag-slice", "Flag slice");
    this.undo = this.small("undo", "Undo");
    this.asked = new AskedPanel(reading, grader);
    this.drawn = h("p", { class: "hint", "data-testid": "drawn", hidden: grader.readOnly || !manual });
    this.comment = h("textarea", {
      rows: "2",
      placeholder: "Comment",
      "aria-label": "Comment",
      "data-testid": "comment",
      "data-action": "comment",
      title: tooltip("comment"),
      oninput: () => {
        const { selected } = reading.state;
        if (selected !== null) grader.draft(selected).comment = this.comment.value;
      },
      onblur: () => grader.amend(this.commented),
      onfocus: () => {
        this.commented = reading.state.selected;
      },
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
          event.preventDefault();
          event.stopPropagation();
          focus();
        }
      },
    });
    this.grading = h(
      "div",
      { class: "grading" },
      h("div", { class: "grades", role: "group", "aria-label": "Grade" }, ...this.buttons.values()),
      h("div", { class: "line" }, this.tagsEnter, this.flag, this.undo),
      this.tagBox,
      this.asked.root,
      this.comment,
    );
    this.hint = h("p", { class: "hint", "data-testid": "hint" });
    this.draft = h(
      "span",
      { class: "unconfirmed", title: "This hint was written for this study; nobody has confirmed it yet." },
      "hint not confirmed",
    );
    this.published = h("p", { class: "hint", "data-testid": "published" });
    this.warnings = h("ul", { class: "warnings", "data-testid": "warnings" });
    this.root = h(
      "section",
      { class: "grade-panel", "aria-label": "Grade the structure" },
      this.title,
      this.sub,
      this.grading,
      this.drawn,
      this.feedback,
      this.warnings,
      this.hint,
      this.draft,
      this.published,
    );
    this.grading.hidden = grader.readOnly || manual;
  }

  /** @param {ViewerScaleGrade} grade */
  gradeButton(grade) {
    const { colour, shape } = levelOf(grade.level);
    return h(
      "button",
      {
        class: "grade",
        type: "button",
        style: `--grade:${colour}`,
        title: `${grade.definition} (${grade.key})`,
        "data-action": "grade",
        "data-testid": `grade-${grade.code}`,
        onclick: () => this.act("grade", grade.code),
      },
      h("kbd", {}, grade.key),
      icon(shape),
      h("span", {}, grade.title),
    );
  }

  /** @param {string} tag */
  tagButton(tag) {
    const letter = Object.keys(this.letters).find((key) => this.letters[key] === tag);
    return h(
      "button",
      {
        class: "tag",
        type: "button",
        "data-testid": "tag",
        "data-tag": tag,
        title: `${tag} (Tags, then ${letter})`,
        onclick: () => this.toggleTag(tag),
      },
      h("u", {}, letter ?? ""),
      tag,
    );
  }

  /**
   * @param {string} action
   * @param {string} word
   */
  small(action, word) {
    return h(
      "button",
      { type: "button", "data-action": action, title: tooltip(action), onclick: () => this.act(action) },
      word,
    );
  }

  /** @param {string} tag */
  toggleTag(tag) {
    const { selected } = this.reading.state;
    if (selected === null) return;
    this.grader.toggleTag(selected, tag);
    if (!this.tagging) this.grader.amend(selected);
  }

  enterTags() {
    if (this.tagging) return this.leaveTags();
    this.tagging = true;
    return this.update();
  }

  leaveTags() {
    if (!this.tagging) return;
    this.tagging = false;
    this.grader.amend(this.reading.state.selected);
    this.update();
  }

  /**
   * A key while tags are being set; true when it was one of theirs.
   * @param {string} key
   */
  takeKey(key) {
    if (!this.tagging || keysOf("tags").includes(key) || !(key in this.letters)) return false;
    this.toggleTag(this.letters[key]);
    return true;
  }

  update() {
    const { reading, grader } = this;
    const structure = reading.byName.get(reading.state.selected ?? "");
    if (!structure) return;
    const mask = reading.mask();
    setText(this.title, structure.title);
    const voxels = mask?.voxels ?? 0;
    const litres =
      mask && reading.volume && !reading.data.choice
        ? (voxels * reading.volume.spacing.reduce((a, b) => a * b, 1)) / 1000
        : null;
    setText(
      this.sub,
      [
        structure.name,
        litres === null ? null : voxels ? `${litres.toFixed(litres < 10 ? 2 : 1)} cc` : this.empty,
      ]
        .filter(Boolean)
        .join("   "),
    );
    const grade = grader.grades.get(structure.name);
    for (const [code, button] of this.buttons) press(button, grade?.code === code);
    const draft = grader.draft(structure.name);
    for (const [tag, button] of this.tagButtons) press(button, draft.tags.includes(tag));
    this.asked.update(draft);
    setText(this.drawn, grade?.code ? "Drawn and submitted." : TO_DRAW);
    press(this.tagsEnter, this.tagging);
    this.tagBox.classList.toggle("typing", this.tagging);
    this.updateFlag();
    this.undo.disabled = grader.history.length === 0;
    const root = /** @type {Document | ShadowRoot} */ (this.comment.getRootNode());
    const typing = root.activeElement === this.comment;
    if (!typing && this.comment.value !== draft.comment) this.comment.value = draft.comment;
    this.updateHints(structure);
    const kept = grader.queue.asideByName(grader.url).get(structure.name);
    const said = grader.saying();
    const sentence = kept ? `Not saved: ${kept.reason ?? ""}` : said.sentence;
    const tone = kept ? "bad" : said.tone;
    setText(this.feedback, grader.feedback);
    this.feedback.hidden = !grader.feedback;
    setText(this.alert, sentence);
    this.alert.hidden = !sentence;
    this.alert.className = `alert ${tone}`;
  }

  /** All that a slice step changes here. */
  updateFlag() {
    const { selected, cursor } = this.reading.state;
    if (selected) press(this.flag, this.grader.draft(selected).flagged.includes(cursor[2]));
  }

  /** @param {ViewerStructure} structure */
  updateHints(structure) {
    setText(this.hint, structure.hint ?? "");
    this.hint.title = this.hint.textContent;
    this.draft.hidden = !structure.hint || structure.hint_source === "published";
    const figures = [
      structure.reference_dsc === null || structure.reference_dsc === undefined
        ? null
        : `Dice ${structure.reference_dsc.toFixed(2)}`,
      structure.reference_hd95_mm === null || structure.reference_hd95_mm === undefined
        ? null
        : `HD95 ${structure.reference_hd95_mm.toFixed(1)} mm`,
    ].filter(Boolean);
    setText(this.published, figures.length ? `Published: ${figures.join(", ")}` : "");
    const warnings = structure.warnings ?? [];
    if (this.warnings.dataset.of !== structure.name) {
      this.warnings.dataset.of = structure.name;
      this.warnings.replaceChildren(...warnings.map((warning) => h("li", {}, warning)));
    }
  }
}
