// @ts-check
// Grading one case: what is sent, what the server has confirmed, undo. Talks to the queue, draws nothing.

import { GradeBook } from "./grade_book.js";
import { heard, sayGrades } from "./grade_words.js";
import { aboutCase } from "./net/about.js";
import { GradeQueue } from "./net/grade_queue.js";
import { GradeTabs } from "./net/grade_tabs.js";
import { browserStore } from "./preferences.js";
import { differs, draftOf, toggle } from "./pure/grading.js";

/** @import { GradeBody, GradeEntry, GradeNews } from "./net/grade_queue.js" */
/** @import { GradeAct, ShownGrade } from "./grade_book.js" */
/** @import { GivenGrade, ViewerPayload } from "./pure/payload.js" */
/** @import { Save } from "./grade_words.js" */
/** @import { Tell } from "./workspace_parts.js" */

/**
 * @typedef {{ sentence: string }} Feedback
 * @typedef {{ grade: GivenGrade, graded: number, total: number, check?: any, feedback?: Feedback }} Answer
 * @typedef {(kind: string, detail?: Record<string, unknown>) => void} Trigger speaks to the page
 */

export class Grader extends GradeBook {
  /**
   * @param {ViewerPayload} data
   * @param {Tell} tell
   * @param {Trigger} trigger
   */
  constructor(data, tell, trigger) {
    super(data);
    this.tell = tell;
    this.trigger = trigger;
    this.url = data.addresses.grades ?? "";
    this.completes = false;
    this.feedback = "";
    /** @type {Set<string>} */
    this.asked = new Set();
    /** @type {((name: string, check: any) => void) | null} told when a stored grade does not fit an edit */
    this.question = null;
    /** @type {(() => void) | null} told once the last structure has its grade */
    this.finished = null;
    /** @type {Save} */
    this.save = { state: "idle", at: null, sentence: "" };
    this.queue = new GradeQueue(browserStore(), aboutCase(data), (...news) => this.hear(...news));
    this.tabs = new GradeTabs(this.readOnly ? null : this.url, (...told) => this.merge(...told));
    this.recover();
  }

  /** Grades of this case that an earlier visit could not send are shown as given, and sent now. */
  recover() {
    for (const entry of this.queue.entries()) {
      const { url, body } = entry;
      if (url === this.url && this.queue.isOwn(entry))
        this.grades.set(body.structure, { ...body, pending: true });
    }
    if (!this.readOnly || this.queue.entries().length) this.queue.flush();
  }

  /**
   * A rerun or another tab brought newer grades: take those that are not on their way from here.
   * @param {Record<string, ShownGrade> | null} [grades]
   * @param {string | null} done what another tab has done, and the store that both share may still list
   */
  merge(grades, done = null) {
    const entries = this.queue.entries().map(({ body }) => body);
    const waiting = new Set(entries.filter((one) => one.request_id !== done).map((one) => one.structure));
    for (const [name, grade] of Object.entries(grades ?? {})) {
      const known = this.grades.get(name)?.turn ?? 0;
      if (!waiting.has(name) && this.byName.has(name) && known < (grade.turn ?? 0)) this.take(name, grade);
    }
    this.tell("grades", "list", "structure");
  }

  /** What another tab or machine has graded meanwhile is shown before anything is written here. */
  async refresh() {
    const before = new Map(this.confirmed);
    const grades = await this.tabs.fetch();
    if (!grades) return;
    for (const [name, grade] of before) {
      // A grade that was stored while the answer was on its way is not in it, and not gone.
      const isGone = grade.code && !(name in grades) && this.grades.get(name) === grade;
      if (isGone) this.take(name, { ...grade, code: null });
    }
    const shown = Object.entries(grades).filter(
      ([name, grade]) => grade.label_version === this.byName.get(name)?.label_version,
    );
    this.merge(Object.fromEntries(shown));
  }

  /**
   * One act for one or several structures, which Undo takes back as one; `inBulk`: accepted with the rest.
   * @param {string[]} names
   * @param {string | null} code
   */
  give(names, code, inBulk = false) {
    this.begin(names);
    for (const name of names) this.send(name, code, inBulk);
  }

  /**
   * A grade that was stored together with an edit; what was drawn from nothing is none to take back.
   * @param {string} name
   * @param {Answer} answer
   */
  accept(name, answer) {
    if (!this.data.manual) this.begin([name]);
    const wasComplete = this.graded === this.total;
    this.take(name, answer.grade);
    this.save = { state: "saved", at: new Date(), sentence: "" };
    if (!wasComplete && this.graded === this.total) this.finish(answer);
    this.tell("save", "grades", "list");
  }

  /**
   * The last structure has its grade, and all are stored.
   * @param {Answer} answer
   */
  finish({ graded, total }) {
    this.completes = false;
    this.trigger("graded", { graded, total });
    this.finished?.();
  }

  /** Take back the last act of grading; returns its structure, or null. */
  undo() {
    return this.swap(this.history, this.undone);
  }

  /** Give again what was taken back last; returns its structure, or null. */
  redo() {
    return this.swap(this.undone, this.history);
  }

  /**
   * @param {GradeAct[][]} from
   * @param {GradeAct[][]} to
   */
  swap(from, to) {
    const acts = this.popAct(from, to);
    if (!acts) return null;
    for (const { name, code, inBulk } of acts) this.send(name, code, inBulk);
    return acts[0].name;
  }

  /**
   * The tags, flags and comment of an act that could not be stored, to be corrected and graded again.
   * @param {GradeEntry} entry
   */
  restore(entry) {
    this.drafts.set(entry.body.structure, draftOf(entry.body));
    this.tell("structure", "grades", "cursor");
  }

  /**
   * @param {string} name
   * @param {string} tag
   */
  toggleTag(name, tag) {
    this.draft(name).tags = toggle(this.draft(name).tags, tag);
    this.tell("grades");
  }

  /**
   * @param {string} name
   * @param {number} slice
   */
  toggleFlag(name, slice) {
    this.draft(name).flagged = toggle(this.draft(name).flagged, slice);
    this.tell("grades", "cursor");
  }

  /**
   * Tags, flags or comment changed after the grade: send it again with them.
   * @param {string | null} name
   */
  amend(name) {
    if (name === null) return;
    const grade = this.grades.get(name);
    if (grade?.code && differs(grade, this.draft(name))) this.send(name, grade.code);
  }

  /**
   * @param {string} name
   * @param {string | null} code
   */
  send(name, code, inBulk = false) {
    if (this.readOnly) return;
    const body = this.request(name, code, inBulk);
    const wasComplete = this.graded === this.total;
    this.grades.set(name, { ...body, turn: this.grades.get(name)?.turn, pending: true });
    this.completes = !wasComplete && this.graded === this.total;
    this.queue.add(this.url, body);
    this.tell("grades", "list");
  }

  /**
   * @param {GradeNews} kind
   * @param {GradeEntry} entry
   * @param {any} [detail]
   */
  hear(kind, entry, detail) {
    const own = entry.url === this.url;
    if (kind === "stored" && own) this.stored(entry.body, detail);
    if ((kind === "aside" || kind === "withdrawn") && own) this.takeBack(entry.body.structure);
    const isPending = this.queue.pending().length > 0;
    this.save = heard(this.save, kind, { structure: entry.body.structure, detail, isPending });
    this.tell("save", "grades", "list");
  }

  /**
   * The server said no: what it has confirmed before stands; the act itself is kept aside.
   * @param {string} name
   */
  takeBack(name) {
    this.forgetAct(name);
    if (this.queue.holds(this.url, name)) return;
    this.fallBack(name);
  }

  /**
   * @param {GradeBody} body
   * @param {Answer} answer
   */
  stored(body, answer) {
    this.confirmed.set(body.structure, answer.grade);
    this.feedback = answer.feedback?.sentence ?? "";
    const isNewer = this.queue.holds(this.url, body.structure);
    if (!isNewer) {
      this.grades.set(body.structure, answer.grade);
      this.tabs.tell(body.structure, answer.grade, body.request_id);
    }
    if (this.completes && this.graded === this.total && !this.queue.pending().length) this.finish(answer);
    const asked = `${body.structure}|${body.code}`;
    if (isNewer || !answer.check?.question || this.asked.has(asked)) return;
    this.asked.add(asked);
    this.question?.(body.structure, answer.check);
  }

  close() {
    this.tabs.close();
    this.queue.close();
  }

  /** What the header says: { word, tone, sentence }. */
  saying() {
    const waiting = (this.save.state === "foreign" ? this.queue.entries() : this.queue.pending()).length;
    return sayGrades(this.save, waiting);
  }
}
