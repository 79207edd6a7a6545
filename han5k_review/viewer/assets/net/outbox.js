// @ts-check
// Sends what is kept, oldest first, lane by lane: what cannot be sent holds up its own lane and no other.
//
// After a failure a lane rests, longer each time; when nothing gets through, the round ends and begins
// again later. Nothing here is drawn.

import { Patience, pauseOf } from "../pure/request_failures.js";
import { statusOf, traffic } from "./requests.js";

/** @typedef {"done" | "later" | "signed out"} Ended */

const LOST_IN_A_ROW = 3;
const SIGNED_OUT_MS = 5000;

/** @template {{ id: string }} Entry */
export class Outbox {
  /**
   * `entries()` oldest first, each with an id; `laneOf(entry)` null for what is not to be sent;
   * `deliver(entry)` resolves to "done", "later" or "signed out".
   * @param {object} work
   * @param {() => Entry[]} work.entries
   * @param {(entry: Entry) => string | null} work.laneOf
   * @param {(entry: Entry) => Promise<Ended>} work.deliver
   */
  constructor({ entries, laneOf, deliver }) {
    this.entries = entries;
    this.laneOf = laneOf;
    this.deliver = deliver;
    this.patience = new Patience();
    this.sending = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.lostRounds = 0;
    this.closed = false;
  }

  /** Sends what may go now. `woken`: what rests may go too. */
  async flush(woken = false) {
    if (woken) this.patience.wake();
    if (this.sending || this.closed) return;
    this.sending = true;
    clearTimeout(this.timer);
    /** @type {Ended} */
    let ended = "done";
    try {
      ended = await this.round();
    } finally {
      this.sending = false;
    }
    this.plan(ended);
  }

  /** @returns {Promise<Ended>} */
  async round() {
    let lost = 0;
    for (let entry = this.next(); entry && !this.closed; entry = this.next()) {
      const ended = await this.deliver(entry);
      if (ended === "signed out") return ended;
      lost = ended === "done" ? 0 : lost + 1;
      if (ended === "done") this.lostRounds = 0;
      if (lost >= LOST_IN_A_ROW) break;
    }
    return lost ? "later" : "done";
  }

  /** The oldest entry of a lane in which nothing rests. */
  next() {
    const now = Date.now();
    const held = new Set();
    for (const entry of this.entries()) {
      const lane = this.laneOf(entry);
      if (lane === null || held.has(lane)) continue;
      if (!this.patience.rests(entry.id, now)) return entry;
      held.add(lane);
    }
    return null;
  }

  /** @param {Ended} ended */
  plan(ended) {
    if (this.closed) return;
    const rest = this.patience.next(Date.now());
    if (ended === "signed out") this.timer = setTimeout(() => this.flush(), SIGNED_OUT_MS);
    else if (ended === "later") {
      const round = Math.max(rest ?? 0, pauseOf(this.lostRounds++));
      this.timer = setTimeout(() => this.flush(), round);
    } else if (rest !== null && this.next() === null) this.timer = setTimeout(() => this.flush(), rest + 20);
  }

  /**
   * A request that may succeed later has failed; true when it is hopeless all the same.
   * @param {string} id
   * @param {unknown} error
   */
  failed(id, error) {
    const answered = statusOf(error) !== null;
    return this.patience.failed(id, { now: Date.now(), others: traffic.stored, answered });
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }
}
