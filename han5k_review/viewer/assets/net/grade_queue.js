// @ts-check
// Grades on their way: kept in the browser's own store until the server has confirmed each one.
//
// Grades of one structure go in order; those of others never wait for them. A grade that cannot be
// stored is set aside with its reason. The request id makes a second sending harmless.

import { fateOf, TRIES } from "../pure/request_failures.js";
import { Kept } from "./kept_entries.js";
import { Outbox } from "./outbox.js";
import { messageOf, request, statusOf } from "./requests.js";

/** @import { About } from "./about.js" */
/** @import { Store } from "./kept_entries.js" */
/** @import { Ended } from "./outbox.js" */

/**
 * A grade on its way; `body` is that of POST .../grades.
 * @typedef {{ url: string, body: GradeBody } & Partial<About>} GivenEntry
 * @typedef {GivenEntry & { id: string, status?: number | null, reason?: string }} GradeEntry
 * @typedef {ReturnType<typeof import("../pure/grading.js").gradeRequest>} GradeBody
 * @typedef {"sending" | "stored" | "expired" | "waiting" | "foreign" | "withdrawn" | "aside"} GradeNews
 */

const PREFIX = "han5k-review.grade.";
const ASIDE_PREFIX = "han5k-review.grade-aside.";
const TIMEOUT_MS = 30_000;

/** @param {GivenEntry} entry */
const laneOf = ({ url, body }) => `${url} ${body.structure}`;

/**
 * Why it was set aside, in one sentence.
 * @param {unknown} error
 */
export function sayReason(error) {
  const status = statusOf(error);
  if (status === null)
    return `The connection broke off ${TRIES} times for this one, while others were saved.`;
  const sentence = messageOf(error);
  return status >= 500 ? `${sentence} It was tried ${TRIES} times.` : sentence;
}

export class GradeQueue {
  /**
   * `tell(kind, entry, detail)`: stored, aside, foreign, waiting, expired, sending. `about`: { case, page, account }.
   * @param {Store | null} store
   * @param {About} about
   * @param {(kind: GradeNews, entry: GradeEntry, detail?: any) => void} tell
   */
  constructor(store, about, tell) {
    /** @type {Kept<GivenEntry>} */
    this.waiting = new Kept(store, PREFIX);
    /** @type {Kept<GivenEntry & { status?: number | null, reason?: string }>} */
    this.kept = new Kept(store, ASIDE_PREFIX);
    this.about = about;
    this.tell = tell;
    /** @type {Set<string>} */
    this.foreign = new Set();
    /** @type {Outbox<GradeEntry>} */
    this.outbox = new Outbox({
      entries: () => this.entries(),
      laneOf: (entry) => (this.isForeign(entry) ? null : laneOf(entry)),
      deliver: (entry) => this.deliver(entry),
    });
  }

  /** Entries not yet confirmed, oldest first. */
  entries() {
    return this.waiting.entries().filter((entry) => typeof entry.body?.structure === "string");
  }

  /** Those of them that this account sends. */
  pending() {
    return this.entries().filter((entry) => !this.isForeign(entry));
  }

  /** What this account could not store, oldest first: an entry with its `reason` and `status`. */
  aside() {
    return this.kept.entries().filter((entry) => entry.body && this.isOwn(entry));
  }

  /**
   * What could not be stored for one address: structure -> entry.
   * @param {string} url
   * @returns {Map<string, GradeEntry>}
   */
  asideByName(url) {
    const own = this.aside().filter((entry) => entry.url === url);
    return new Map(own.map((entry) => [entry.body.structure, entry]));
  }

  /**
   * Is a grade of this structure not stored yet?
   * @param {string} url
   * @param {string} name
   */
  holds(url, name) {
    return this.entries().some((entry) => entry.url === url && entry.body.structure === name);
  }

  /**
   * Was it made by who is signed in now, as far as is known?
   * @param {GivenEntry} entry
   */
  isOwn(entry) {
    return (entry.account ?? null) === (this.about.account ?? null);
  }

  /** @param {GradeEntry} entry */
  isForeign(entry) {
    return this.foreign.has(entry.id) || !this.isOwn(entry);
  }

  /**
   * @param {string} url
   * @param {GradeBody} body
   */
  add(url, body) {
    this.waiting.put(this.waiting.newId(body.request_id), { url, body, ...this.about });
    this.flush();
  }

  flush(woken = false) {
    return this.outbox.flush(woken);
  }

  /**
   * "done" when the entry was answered for good, also by a refusal.
   * @param {GradeEntry} entry
   * @returns {Promise<Ended>}
   */
  async deliver(entry) {
    this.tell("sending", entry);
    try {
      const response = await request(entry.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(entry.body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer = await response.json();
      this.outbox.patience.forget(entry.id);
      this.waiting.remove([entry]);
      this.kept.remove(this.asideBefore(entry));
      this.tell("stored", entry, answer);
      return "done";
    } catch (error) {
      return this.failed(entry, error);
    }
  }

  /**
   * @param {GradeEntry} entry
   * @param {unknown} error
   * @returns {Ended}
   */
  failed(entry, error) {
    const fate = fateOf(statusOf(error));
    if (fate === "expired") {
      this.tell("expired", entry, error);
      return "signed out";
    }
    if (fate === "again" && !this.outbox.failed(entry.id, error)) {
      this.tell("waiting", entry, error);
      return "later";
    }
    // Where the account is known, a 403 is about the task and not about who is signed in.
    if (fate === "foreign" && (entry.account ?? null) === null) {
      this.foreign.add(entry.id);
      this.tell("foreign", entry, error);
      return "done";
    }
    this.setAside(entry, error);
    return "done";
  }

  /**
   * It is not sent any more, but stays in this browser until the reader decides.
   * @param {GradeEntry} entry
   * @param {unknown} error
   */
  setAside(entry, error) {
    const { id, ...kept } = entry;
    const before = this.asideBefore(entry);
    this.outbox.patience.forget(id);
    this.kept.remove(before);
    this.waiting.remove([entry]);
    // The grade it takes back was never stored: nothing is left to do.
    if (entry.body.code === null && before.length) return this.tell("withdrawn", entry, error);
    this.kept.put(id, { ...kept, status: statusOf(error), reason: sayReason(error) });
    return this.tell("aside", entry, error);
  }

  /**
   * Older ones of the same structure: what was decided later takes their place.
   * @param {GradeEntry} entry
   */
  asideBefore(entry) {
    return this.kept.entries(entry.url).filter((one) => one.id < entry.id && laneOf(one) === laneOf(entry));
  }

  /** @param {GradeEntry} entry */
  drop(entry) {
    this.kept.remove([entry]);
  }

  /**
   * Once more into the queue, as the same act.
   * @param {GradeEntry} entry
   */
  sendAgain({ id, status, reason, ...entry }) {
    this.kept.remove([{ id }]);
    this.waiting.put(id, entry);
    return this.flush();
  }

  close() {
    this.outbox.close();
  }
}
