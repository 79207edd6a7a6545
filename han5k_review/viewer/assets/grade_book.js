// @ts-check
// The grades of one case as this tab knows them: noted, given, confirmed and taken back. Sends nothing.

import { newId } from "./edit/drafts.js";
import { countGraded } from "./pure/catalogue.js";
import { ActivityClock, draftOf, gradeRequest } from "./pure/grading.js";

/** @import { GradeBody } from "./net/grade_queue.js" */
/** @import { GradeDraft, StoredGrade } from "./pure/grading.js" */
/** @import { ViewerPayload } from "./pure/payload.js" */

/**
 * A grade as it is shown; `pending` until the server has confirmed it.
 * @typedef {StoredGrade & { pending?: boolean, in_bulk?: boolean, label_version?: number | null }} ShownGrade
 * @typedef {{ name: string, code: string | null, inBulk: boolean }} GradeAct One structure's part of an act.
 */

export class GradeBook {
  /** @param {ViewerPayload} data */
  constructor(data) {
    this.data = data;
    this.byName = new Map(data.structures.map((s) => [s.name, s]));
    /** @type {Map<string, ShownGrade>} */
    this.grades = new Map(Object.entries(data.grades ?? {}));
    /** @type {Map<string, ShownGrade>} */
    this.confirmed = new Map(this.grades);
    /** @type {Map<string, GradeDraft>} */
    this.drafts = new Map();
    this.clock = new ActivityClock();
    /** @type {GradeAct[][]} */
    this.history = [];
    /** @type {GradeAct[][]} */
    this.undone = [];
  }

  /**
   * What is noted of a structure, to be changed in place.
   * @param {string} name
   */
  draft(name) {
    const draft = this.drafts.get(name) ?? draftOf(this.grades.get(name));
    this.drafts.set(name, draft);
    return draft;
  }

  get readOnly() {
    return this.data.read_only || this.data.assignment === null;
  }

  get graded() {
    return countGraded(this.data.structures, this.grades);
  }

  get total() {
    return this.data.structures.length;
  }

  /**
   * The grades as they are now.
   * @param {string[]} names
   * @returns {GradeAct[]}
   */
  before(names) {
    return names.map((name) => {
      const { code = null, in_bulk: inBulk = false } = this.grades.get(name) ?? {};
      return { name, code, inBulk };
    });
  }

  /**
   * @param {string} name
   * @param {ShownGrade} grade
   */
  take(name, grade) {
    this.grades.set(name, grade);
    this.confirmed.set(name, grade);
    this.drafts.delete(name);
  }

  /**
   * The body of a grade, to be sent with an edit.
   * @param {string} name
   * @param {string | null} code
   * @returns {GradeBody}
   */
  request(name, code, inBulk = false) {
    const structure = this.byName.get(name);
    if (!structure) throw new TypeError(`A structure of this case was expected, found ${name}.`);
    return gradeRequest({
      inBulk,
      requestId: newId(),
      structure,
      code,
      draft: this.draft(name),
      openedAt: this.clock.openedAt(name),
      activeSeconds: this.clock.activeSeconds(name),
    });
  }

  /**
   * An act begins: it can be taken back as one, and what was taken back before is forgotten.
   * @param {string[]} names
   */
  begin(names) {
    this.history.push(this.before(names));
    this.undone = [];
  }

  /**
   * The last act of `from` is taken out, and the grades it changes are kept in `to`; null when there is none.
   * @param {GradeAct[][]} from
   * @param {GradeAct[][]} to
   */
  popAct(from, to) {
    const acts = from.pop();
    if (acts) to.push(this.before(acts.map(({ name }) => name)));
    return acts ?? null;
  }

  /**
   * The last act on a structure was not stored: there is nothing of it to take back.
   * @param {string} name
   */
  forgetAct(name) {
    this.drafts.delete(name);
    const last = this.history.findLastIndex((acts) => acts.some((act) => act.name === name));
    if (last >= 0) this.history[last] = this.history[last].filter((act) => act.name !== name);
    this.history = this.history.filter((acts) => acts.length);
  }

  /**
   * What the server has confirmed stands again.
   * @param {string} name
   */
  fallBack(name) {
    const before = this.confirmed.get(name);
    if (before) this.grades.set(name, before);
    else this.grades.delete(name);
  }
}
