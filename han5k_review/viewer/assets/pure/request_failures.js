// @ts-check
// How a request that failed is judged: docs/transport.md, Requests that cannot succeed. No DOM, no network.

/** @typedef {"expired" | "foreign" | "again" | "aside"} Fate */

const PASSING = [408, 425, 429];
const PAUSES_MS = [500, 1000, 2000, 4000, 8000, 15_000, 30_000];
/** So often a request may fail while others get through. */
export const TRIES = 5;

/**
 * What becomes of a request: signed out, another account's, sent again later, or set aside.
 * @param {number | null} status of the answer; null when none came
 * @returns {Fate}
 */
export function fateOf(status) {
  if (status === null || status >= 500 || PASSING.includes(status)) return "again";
  if (status === 401) return "expired";
  return status === 403 ? "foreign" : "aside";
}

/**
 * @param {number} turn from 0
 * @returns {number} milliseconds
 */
export function pauseOf(turn) {
  return PAUSES_MS[Math.min(turn, PAUSES_MS.length - 1)];
}

/** Counts the failures of each request, and says when it may go again and when it is hopeless. */
export class Patience {
  constructor() {
    /** @type {Map<string, { count: number, since: number, last: number, until: number }>} */
    this.failures = new Map();
  }

  /**
   * A request failed at `now` (ms); `others` counts all that other requests ever got through. True when it
   * is hopeless: it failed TRIES times while others got through. Where no answer came, a failure counts only
   * if something got through since the one before, because the line itself may be gone.
   * @param {string} id
   * @param {{ now: number, others: number, answered: boolean }} failure
   */
  failed(id, { now, others, answered }) {
    const known = this.failures.get(id) ?? { count: 0, since: others, last: -1, until: 0 };
    if (answered || known.last !== others) known.count++;
    known.last = others;
    known.until = now + pauseOf(known.count - 1);
    this.failures.set(id, known);
    return known.count >= TRIES && others > known.since;
  }

  /**
   * @param {string} id
   * @param {number} now
   */
  rests(id, now) {
    return (this.failures.get(id)?.until ?? 0) > now;
  }

  /** @param {string} id */
  has(id) {
    return this.failures.has(id);
  }

  /** @param {string} id */
  forget(id) {
    this.failures.delete(id);
  }

  /** Nothing rests any longer: the network is back, or the reader is. */
  wake() {
    for (const failure of this.failures.values()) failure.until = 0;
  }

  /**
   * Milliseconds until something may go again; null when nothing waits for that.
   * @param {number} now
   */
  next(now) {
    const ends = [...this.failures.values()].map(({ until }) => until);
    return ends.length ? Math.max(0, Math.min(...ends) - now) : null;
  }
}
