// Grades on their way: kept in the browser's own store until the server has confirmed each one.
//
// Grades of one structure go in order; those of others never wait for them. A grade that cannot be
// stored is set aside with its reason. The request id makes a second sending harmless.

import { fateOf, TRIES } from "../pure/patience.js";
import { Kept } from "./kept.js";
import { Outbox } from "./outbox.js";
import { request, statusOf } from "./requests.js";

const PREFIX = "han5k-review.grade.";
const ASIDE_PREFIX = "han5k-review.grade-aside.";
const TIMEOUT_MS = 30_000;

const laneOf = ({ url, body }) => `${url} ${body.structure}`;

/** Why it was set aside, in one sentence. */
export function sayReason(error) {
  const status = statusOf(error);
  if (status === null)
    return `The connection broke off ${TRIES} times for this one, while others were saved.`;
  return status >= 500 ? `${error.message} It was tried ${TRIES} times.` : error.message;
}

export class GradeQueue {
  /** `tell(kind, entry, detail)`: stored, aside, foreign, waiting, expired, sending. `about`: { case, page, account }. */
  constructor(store, about, tell) {
    this.waiting = new Kept(store, PREFIX);
    this.kept = new Kept(store, ASIDE_PREFIX);
    this.about = about;
    this.tell = tell;
    this.foreign = new Set();
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

  /** Was it made by who is signed in now, as far as is known? */
  isOwn(entry) {
    return (entry.account ?? null) === (this.about.account ?? null);
  }

  isForeign(entry) {
    return this.foreign.has(entry.id) || !this.isOwn(entry);
  }

  add(url, body) {
    this.waiting.put(this.waiting.newId(body.request_id), { url, body, ...this.about });
    this.flush();
  }

  flush(woken = false) {
    return this.outbox.flush(woken);
  }

  /** "done" when the entry was answered for good, also by a refusal. */
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

  /** It is not sent any more, but stays in this browser until the reader decides. */
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

  /** Older ones of the same structure: what was decided later takes their place. */
  asideBefore(entry) {
    return this.kept.entries(entry.url).filter((one) => one.id < entry.id && laneOf(one) === laneOf(entry));
  }

  drop(entry) {
    this.kept.remove([entry]);
  }

  /** Once more into the queue, as the same act. */
  sendAgain({ id, status, reason, ...entry }) {
    this.kept.remove([{ id }]);
    this.waiting.put(id, entry);
    return this.flush();
  }

  close() {
    this.outbox.close();
  }
}
