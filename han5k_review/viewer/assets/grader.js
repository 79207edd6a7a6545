// Grading one case: drafts, what was sent, what is confirmed, undo. Talks to the queue, draws nothing.

import { newId } from "./edit/drafts.js";
import { heard, sayGrades } from "./grade_words.js";
import { aboutCase } from "./net/about.js";
import { GradeQueue } from "./net/grade_queue.js";
import { GradeTabs } from "./net/grade_tabs.js";
import { browserStore } from "./preferences.js";
import { countGraded } from "./pure/catalogue.js";
import { ActivityClock, differs, draftOf, gradeRequest, toggle } from "./pure/grading.js";

export class Grader {
  /** `tell(...what)` redraws; `trigger(kind, detail)` speaks to the page. */
  constructor(data, tell, trigger) {
    this.data = data;
    this.tell = tell;
    this.trigger = trigger;
    this.url = data.addresses.grades;
    this.byName = new Map(data.structures.map((s) => [s.name, s]));
    this.grades = new Map(Object.entries(data.grades ?? {}));
    this.confirmed = new Map(this.grades);
    this.drafts = new Map();
    this.history = [];
    this.undone = [];
    this.asked = new Set();
    /** Told when a stored grade does not fit an edit of its structure: (name, check). */
    this.question = null;
    /** Told once the last structure has its grade. */
    this.finished = null;
    this.clock = new ActivityClock();
    this.save = { state: "idle", at: null, sentence: "" };
    this.queue = new GradeQueue(browserStore(), aboutCase(data), (...news) => this.hear(...news));
    this.tabs = new GradeTabs(this.readOnly ? null : this.url, (grades) => this.merge(grades));
    this.recover();
  }

  get readOnly() {
    return this.data.read_only || this.data.assignment === null;
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

  /** A rerun or another tab brought newer grades: take those that are not on their way from here. */
  merge(grades) {
    const waiting = new Set(this.queue.entries().map(({ body }) => body.structure));
    for (const [name, grade] of Object.entries(grades ?? {})) {
      const known = this.grades.get(name)?.turn ?? 0;
      if (!waiting.has(name) && this.byName.has(name) && known < (grade.turn ?? 0)) this.take(name, grade);
    }
    this.tell("grades", "list", "structure");
  }

  /** What another tab or machine has graded meanwhile is shown before anything is written here. */
  async refresh() {
    const grades = await this.tabs.fetch();
    if (!grades) return;
    for (const [name, grade] of this.confirmed) {
      const isGone = grade.code && !(name in grades) && this.grades.get(name) === grade;
      if (isGone) this.take(name, { ...grade, code: null });
    }
    const shown = Object.entries(grades).filter(
      ([name, grade]) => grade.label_version === this.byName.get(name)?.label_version,
    );
    this.merge(Object.fromEntries(shown));
  }

  draft(name) {
    if (!this.drafts.has(name)) this.drafts.set(name, draftOf(this.grades.get(name)));
    return this.drafts.get(name);
  }

  get graded() {
    return countGraded(this.data.structures, this.grades);
  }

  get total() {
    return this.data.structures.length;
  }

  give(name, code) {
    this.giveAll([name], code, false);
  }

  /** One act for several structures, which Undo takes back as one; `inBulk`: accepted with the rest. */
  giveAll(names, code, inBulk) {
    this.history.push(this.before(names));
    this.undone = [];
    for (const name of names) this.send(name, code, inBulk);
  }

  /** [{ name, code, inBulk }] as the grades are now. */
  before(names) {
    return names.map((name) => {
      const { code = null, in_bulk: inBulk = false } = this.grades.get(name) ?? {};
      return { name, code, inBulk };
    });
  }

  /** The body of a grade, to be sent with an edit. */
  request(name, code, inBulk = false) {
    return gradeRequest({
      inBulk,
      requestId: newId(),
      structure: this.byName.get(name),
      code,
      draft: this.draft(name),
      openedAt: this.clock.openedAt(name),
      activeSeconds: this.clock.activeSeconds(name),
    });
  }

  /** A grade that was stored together with an edit. */
  accept(name, answer) {
    this.history.push(this.before([name]));
    this.undone = [];
    const wasComplete = this.graded === this.total;
    this.take(name, answer.grade);
    this.save = { state: "saved", at: new Date(), sentence: "" };
    if (!wasComplete && this.graded === this.total) this.finish(answer);
    this.tell("save", "grades", "list");
  }

  take(name, grade) {
    this.grades.set(name, grade);
    this.confirmed.set(name, grade);
    this.drafts.delete(name);
  }

  /** The last structure has its grade, and all are stored. */
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

  swap(from, to) {
    const acts = from.pop();
    if (!acts) return null;
    to.push(this.before(acts.map(({ name }) => name)));
    for (const { name, code, inBulk } of acts) this.send(name, code, inBulk);
    return acts[0].name;
  }

  /** What could not be stored of this case: structure -> entry. */
  asideByName() {
    const own = this.queue.aside().filter(({ url }) => url === this.url);
    return new Map(own.map((entry) => [entry.body.structure, entry]));
  }

  /** The tags, flags and comment of an act that could not be stored, to be corrected and graded again. */
  mend(entry) {
    this.drafts.set(entry.body.structure, draftOf(entry.body));
    this.tell("structure", "grades", "cursor");
  }

  toggleTag(name, tag) {
    this.draft(name).tags = toggle(this.draft(name).tags, tag);
    this.tell("grades");
  }

  toggleFlag(name, slice) {
    this.draft(name).flagged = toggle(this.draft(name).flagged, slice);
    this.tell("grades", "cursor");
  }

  /** Tags, flags or comment changed after the grade: send it again with them. */
  amend(name) {
    const grade = this.grades.get(name);
    if (grade?.code && differs(grade, this.draft(name))) this.send(name, grade.code);
  }

  send(name, code, inBulk = false) {
    if (this.readOnly) return;
    const body = this.request(name, code, inBulk);
    const wasComplete = this.graded === this.total;
    this.grades.set(name, { ...body, turn: this.grades.get(name)?.turn, pending: true });
    this.completes = !wasComplete && this.graded === this.total;
    this.queue.add(this.url, body);
    this.tell("grades", "list");
  }

  hear(kind, entry, detail) {
    const own = entry.url === this.url;
    if (kind === "stored" && own) this.stored(entry.body, detail);
    if ((kind === "aside" || kind === "withdrawn") && own) this.takeBack(entry.body.structure);
    const isPending = this.queue.pending().length > 0;
    this.save = heard(this.save, kind, { structure: entry.body.structure, detail, isPending });
    this.tell("save", "grades", "list");
  }

  /** The server said no: what it has confirmed before stands; the act itself is kept aside. */
  takeBack(name) {
    this.drafts.delete(name);
    const last = this.history.findLastIndex((acts) => acts.some((act) => act.name === name));
    if (last >= 0) this.history[last] = this.history[last].filter((act) => act.name !== name);
    this.history = this.history.filter((acts) => acts.length);
    if (this.isOnItsWay(name)) return;
    const before = this.confirmed.get(name);
    if (before) this.grades.set(name, before);
    else this.grades.delete(name);
  }

  /** Is a grade of this structure not stored yet? */
  isOnItsWay(name) {
    return this.queue.entries().some((e) => e.url === this.url && e.body.structure === name);
  }

  stored(body, answer) {
    this.confirmed.set(body.structure, answer.grade);
    const isNewer = this.isOnItsWay(body.structure);
    if (!isNewer) {
      this.grades.set(body.structure, answer.grade);
      this.tabs.tell(body.structure, answer.grade);
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
