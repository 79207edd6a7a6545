// Grades on their way: kept in the browser's own store until the server has confirmed each one.
//
// Every entry has a store key of its own, so two tabs never overwrite each other's list, and the
// request id makes a second sending harmless. Nothing here is drawn.

import { isPassing, Refused, request, SessionExpired } from "./requests.js";

const PREFIX = "han5k-review.grade.";
const AGAIN_MS = 5000;

class MemoryStore extends Map {
  get length() {
    return this.size;
  }
  key(n) {
    return [...this.keys()][n] ?? null;
  }
  getItem(key) {
    return this.get(key) ?? null;
  }
  setItem(key, value) {
    this.set(key, value);
  }
  removeItem(key) {
    this.delete(key);
  }
}

export class GradeQueue {
  /** `tell(kind, entry, detail)`: stored, refused, foreign, waiting, expired, sending. */
  constructor(store, tell) {
    this.store = store ?? new MemoryStore();
    this.tell = tell;
    this.foreign = new Set();
    this.sending = false;
    this.timer = null;
    this.count = 0;
  }

  /** Entries not yet confirmed, oldest first. */
  entries() {
    const keys = [];
    for (let n = 0; n < this.store.length; n++) {
      const key = this.store.key(n);
      if (key?.startsWith(PREFIX)) keys.push(key);
    }
    return keys.sort().map((key) => ({ key, ...JSON.parse(this.store.getItem(key)) }));
  }

  add(url, body) {
    const at = String(Date.now()).padStart(15, "0") + String(this.count++).padStart(6, "0");
    const key = `${PREFIX}${at}.${body.request_id}`;
    const text = JSON.stringify({ url, body });
    try {
      this.store.setItem(key, text);
    } catch {
      // A full or forbidden store: the grade still goes out, from memory.
      const kept = this.entries();
      this.store = new MemoryStore();
      for (const entry of kept)
        this.store.setItem(entry.key, JSON.stringify({ url: entry.url, body: entry.body }));
      this.store.setItem(key, text);
    }
    this.flush();
  }

  /** Send what waits, in order. A refusal takes its entry out; a lost network keeps it. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    try {
      for (;;) {
        const entry = this.entries().find((waiting) => !this.foreign.has(waiting.key));
        if (!entry) break;
        this.tell("sending", entry);
        if (!(await this.send(entry))) {
          this.timer = setTimeout(() => this.flush(), AGAIN_MS);
          break;
        }
      }
    } finally {
      this.sending = false;
    }
  }

  async send(entry) {
    try {
      const response = await request(entry.url, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(entry.body),
      });
      const answer = await response.json();
      this.store.removeItem(entry.key);
      this.tell("stored", entry, answer);
      return true;
    } catch (error) {
      if (error instanceof SessionExpired) this.tell("expired", entry, error);
      else if (error instanceof Refused && error.status === 403) {
        this.foreign.add(entry.key);
        this.tell("foreign", entry, error);
        return true;
      } else if (error instanceof Refused && !isPassing(error) && error.status < 500) {
        this.store.removeItem(entry.key);
        this.tell("refused", entry, error);
        return true;
      } else this.tell("waiting", entry, error);
      return false;
    }
  }

  close() {
    clearTimeout(this.timer);
  }
}
