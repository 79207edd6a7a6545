// @ts-check
// An adjudicator's question, answered by key: which of the revisions of a structure counts.
//
// A digit chooses one, Enter accepts it, Delete rejects it with a reason, Space goes to what waits next.
// A proposal is taken by A, edited by E and refused by X. Nothing is decided that was not on the screen for
// a moment.

import { DASHES } from "../draw/layers.js";
import { sayCount } from "../pure/counts.js";
import { h, press, setText, svg } from "./dom.js";

/** @import { Decision, DecisionCandidate, LabelSet } from "../pure/payload.js" */
/** @import { Workspace } from "../workspace.js" */

/** @param {LabelSet | undefined} set the line of a set, as it is drawn in the picture */
function sampleOf(set) {
  const line = {
    x1: 1,
    y1: 4,
    x2: 35,
    y2: 4,
    stroke: set?.color ?? "currentColor",
    "stroke-width": 2.5,
    "stroke-dasharray": (DASHES[set?.line ?? "solid"] ?? []).join(" "),
  };
  const frame = { class: "sample", viewBox: "0 0 36 8", "aria-hidden": "true" };
  return svg("svg", frame, svg("line", line));
}

export class DecisionPanel {
  /**
   * @param {Workspace} workspace
   * @param {Decision} asked
   */
  constructor(workspace, asked) {
    this.workspace = workspace;
    this.data = workspace.data;
    this.asked = asked;
    /** @type {DecisionCandidate[]} */
    this.candidates = this.asked.candidates;
    this.chosen = Math.max(
      0,
      this.candidates.findIndex((one) => one.refusal === null),
    );
    this.isSent = false;
    this.rows = this.candidates.map((one, place) => this.row(one, place));
    const { proposal } = this.asked;
    this.accept = this.button("decide-accept", proposal ? "A" : "Enter", () => this.decide("accepted"));
    this.accept.classList.add("loud");
    this.edit = this.button("decide-edit", "E", () => this.decide("edited"));
    this.edit.hidden = !proposal;
    this.reject = this.button("decide-reject", proposal ? "X" : "Del", () => this.startRejecting());
    this.next = this.button("decide-next", "Space", () => this.goOn());
    this.reason = h("input", {
      type: "text",
      maxlength: 2000,
      "data-testid": "decide-reason",
      placeholder: "Reason (needed to reject)",
      "aria-label": "Reason (needed to reject)",
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.typed(event),
    });
    this.reason.hidden = proposal;
    this.told = h(
      "p",
      { class: "told", role: "status", "data-testid": "decision-told" },
      this.asked.told ?? "",
    );
    const { waiting } = this.asked;
    this.root = h(
      "section",
      { class: "decision", "aria-label": "Decide", "data-testid": "decision" },
      h("h3", {}, `Decide: ${this.title()} `, h("small", {}, sayCount(waiting, "waits", "wait"))),
      ...this.rows,
      this.reason,
      h("div", { class: "line" }, this.accept, this.edit, this.reject, this.next),
      this.told,
    );
    this.show();
  }

  title() {
    const { structure } = this.asked;
    return this.data.structures.find((one) => one.name === structure)?.title ?? structure;
  }

  /**
   * @param {DecisionCandidate} candidate
   * @param {number} place
   */
  row(candidate, place) {
    const set = this.data.label_sets.find((/** @type {LabelSet} */ one) => one.key === candidate.set);
    return h(
      "button",
      {
        type: "button",
        class: "set",
        "data-testid": "decision-candidate",
        "data-set": candidate.set,
        onclick: () => this.choose(place),
      },
      this.asked.proposal ? "" : h("kbd", {}, String(place + 1)),
      sampleOf(set),
      h("span", {}, candidate.name, h("small", {}, candidate.refusal ?? candidate.facts)),
    );
  }

  /**
   * @param {string} name
   * @param {string} key
   * @param {() => void} act
   */
  button(name, key, act) {
    return h(
      "button",
      { type: "button", "data-testid": name, onclick: act },
      h("kbd", {}, key),
      " ",
      h("span", {}),
    );
  }

  show() {
    const one = this.candidates[this.chosen];
    for (const [place, row] of this.rows.entries()) press(row, place === this.chosen);
    const { proposal } = this.asked;
    setText(this.accept.lastChild, proposal ? "Take" : `Accept ${one.name}`);
    setText(this.edit.lastChild, "Edit");
    setText(this.reject.lastChild, proposal ? "Refuse" : "Reject");
    setText(this.next.lastChild, "Next");
    for (const act of [this.accept, this.edit, this.reject]) {
      act.disabled = this.isSent || one.refusal !== null;
    }
  }

  /** @param {number} place */
  choose(place) {
    this.chosen = place;
    const { set } = this.candidates[place];
    if (set !== this.data.label_sets[0].key) this.workspace.act("compare", set);
    this.show();
  }

  /** What is decided must be what is seen: the structure, and the contour in question. */
  isInSight() {
    const { workspace, asked } = this;
    if (workspace.reading.state.selected !== asked.structure) {
      workspace.act("choose", asked.structure);
      return false;
    }
    const { set } = this.candidates[this.chosen];
    return workspace.sight.mayGrade(asked.structure) && workspace.reading.masksOf(set) !== undefined;
  }

  /** @param {"accepted" | "edited" | "rejected"} decision */
  decide(decision) {
    const one = this.candidates[this.chosen];
    if (this.isSent || one.refusal !== null || !this.isInSight()) return;
    this.isSent = true;
    this.show();
    setText(this.told, "Saving ...");
    this.workspace.trigger("decide", {
      revision: one.revision,
      decision,
      reason: decision === "rejected" ? this.reason.value : "",
    });
  }

  startRejecting() {
    if (this.candidates[this.chosen].refusal !== null) return;
    if (this.asked.proposal || this.reason.value.trim()) {
      this.decide("rejected");
      return;
    }
    setText(this.told, "Please give a reason for rejecting, then press Enter. Escape goes back.");
    this.reason.focus();
  }

  /** @param {KeyboardEvent} event */
  typed(event) {
    event.stopPropagation();
    if (event.key === "Escape") {
      this.reason.value = "";
      setText(this.told, "");
      this.workspace.stage.focus();
    } else if (event.key === "Enter" && this.reason.value.trim()) {
      this.workspace.stage.focus();
      this.decide("rejected");
    }
  }

  goOn() {
    this.workspace.trigger("next_question");
  }

  /**
   * A key by all its names; true when it was ours. Enter with Shift is another key.
   * @param {string[]} names
   */
  takeKey(names) {
    if (this.asked.proposal) return this.takeProposalKey(names);
    const place = this.candidates.findIndex((_, n) => names.includes(String(n + 1)));
    if (place >= 0) this.choose(place);
    else if (names[0] === "Enter") this.decide("accepted");
    else if (names.includes("Delete") || names.includes("Backspace")) this.startRejecting();
    else if (names.includes("Space")) this.goOn();
    else return false;
    return true;
  }

  /** @param {string[]} names */
  takeProposalKey(names) {
    if (names.includes("a")) this.decide("accepted");
    else if (names.includes("e")) this.decide("edited");
    else if (names.includes("x")) this.decide("rejected");
    else if (names.includes("Space")) this.goOn();
    else return false;
    return true;
  }
}
