// @ts-check
// Grades as the reader makes them: drafts, requests, undo. No DOM, no network.

/** @import { GivenGrade, ViewerStructure } from "./payload.js" */

/**
 * What is noted and not graded yet.
 * @typedef {object} GradeDraft
 * @property {string[]} tags
 * @property {string} comment
 * @property {number[]} flagged
 * @property {number | null} confidence how sure the reader is, where the protocol asks
 * @property {string | null} guess what the reader thinks made the contour, where the protocol asks
 */

/**
 * A grade, or what there is of it.
 * @typedef {Partial<Omit<GivenGrade, "code">> & { code?: string | null }} StoredGrade
 */

/** @returns {GradeDraft} */
export function emptyDraft() {
  return { tags: [], comment: "", flagged: [], confidence: null, guess: null };
}

/**
 * What the reader has noted so far: of the stored grade, or nothing yet.
 * @param {StoredGrade | undefined} grade
 * @returns {GradeDraft}
 */
export function draftOf(grade) {
  if (!grade) return emptyDraft();
  return {
    tags: [...(grade.tags ?? [])],
    comment: grade.comment ?? "",
    flagged: [...(grade.flagged_slices ?? [])],
    confidence: grade.confidence ?? null,
    guess: grade.source_guess ?? null,
  };
}

/**
 * @template Item
 * @param {Item[]} list
 * @param {Item} item
 */
export function toggle(list, item) {
  return list.includes(item) ? list.filter((other) => other !== item) : [...list, item];
}

/**
 * The body of POST .../grades, as docs/transport.md has it.
 * @param {object} given
 * @param {string} given.requestId
 * @param {ViewerStructure} given.structure
 * @param {string | null} given.code `null` takes the grade back
 * @param {GradeDraft} given.draft
 * @param {string | null} given.openedAt
 * @param {number} given.activeSeconds
 * @param {boolean} [given.inBulk] accepted with the rest
 */
export function gradeRequest({ requestId, structure, code, draft, openedAt, activeSeconds, inBulk = false }) {
  return {
    request_id: requestId,
    structure: structure.name,
    label_version: structure.label_version,
    code,
    tags: draft.tags,
    comment: draft.comment.trim(),
    flagged_slices: [...draft.flagged].sort((a, b) => a - b),
    opened_at_utc: openedAt,
    active_seconds: Math.round(activeSeconds * 10) / 10,
    in_bulk: inBulk && code !== null,
    confidence: draft.confidence,
    source_guess: draft.guess,
  };
}

/**
 * Does the draft say something else than the stored grade? Then the grade is to be amended.
 * @param {StoredGrade} grade
 * @param {GradeDraft} draft
 */
export function differs(grade, draft) {
  const stored = draftOf(grade);
  return (
    stored.comment !== draft.comment.trim() ||
    stored.confidence !== draft.confidence ||
    stored.guess !== draft.guess ||
    [...stored.tags].sort().join("\n") !== [...draft.tags].sort().join("\n") ||
    [...stored.flagged].sort().join() !== [...draft.flagged].sort().join()
  );
}

/** Seconds a reader was at work on each structure: pauses over `idleSeconds` do not count. */
export class ActivityClock {
  constructor(idleSeconds = 30) {
    this.idleSeconds = idleSeconds;
    /** @type {Map<string, number>} */
    this.seconds = new Map();
    /** @type {Map<string, string>} */
    this.opened = new Map();
    /** @type {string | null} */
    this.name = null;
    /** @type {number | null} */
    this.last = null;
  }

  /**
   * The reader did something at `now` (milliseconds) while `name` was chosen.
   * @param {string | null} name
   * @param {number} now
   */
  touch(name, now) {
    if (this.name !== null && this.last !== null) {
      const passed = (now - this.last) / 1000;
      if (passed > 0 && passed <= this.idleSeconds) {
        this.seconds.set(this.name, (this.seconds.get(this.name) ?? 0) + passed);
      }
    }
    if (name !== null && !this.opened.has(name)) this.opened.set(name, new Date(now).toISOString());
    this.name = name;
    this.last = now;
  }

  /** The page was hidden: time until the next touch does not count. */
  pause() {
    this.last = null;
  }

  /** @param {string} name */
  activeSeconds(name) {
    return this.seconds.get(name) ?? 0;
  }

  /** @param {string} name */
  openedAt(name) {
    return this.opened.get(name) ?? null;
  }
}
