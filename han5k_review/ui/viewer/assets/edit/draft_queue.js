// Strokes on their way: kept in the browser's own store until the server has journalled each one.
//
// A stroke is stored as the very bytes that are sent, under a key of its own, so that tabs never
// overwrite each other's list and a second sending is answered as the first was. Strokes of one draft
// go in order, up to 64 at a time; a refusal stops that draft and no other. Nothing here is drawn.

import { Refused, SessionExpired, isPassing, request } from "../net/requests.js";

const PREFIX = "han5k-review.stroke.";
const AGAIN_MS = 4000;
const AT_ONCE = 64;
const BODY_CHARACTERS = 3_000_000;

export class DraftQueue {
  /** `tell(kind, url, detail)`: sending, stored, waiting, expired, refused. `store` like localStorage, or null. */
  constructor(store, holder, tell) {
    Object.assign(this, { store, holder, tell, memory: new Map(), stopped: new Set(), sending: false, timer: null, count: 0 });
  }

  /** Strokes not yet journalled, oldest first: { key, url, draft, patch, place }. */
  entries(url = null) {
    const found = new Map(this.memory);
    for (let n = 0; n < (this.store?.length ?? 0); n++) {
      const key = this.store.key(n);
      if (key?.startsWith(PREFIX)) found.set(key, this.store.getItem(key));
    }
    const all = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, text]) => ({ key, ...JSON.parse(text) }));
    return url === null ? all : all.filter((entry) => entry.url === url);
  }

  add(url, draft, patch, place) {
    const at = String(Date.now()).padStart(15, "0") + String(this.count++).padStart(6, "0");
    const key = `${PREFIX}${at}.${patch.id}`;
    const text = JSON.stringify({ url, draft, patch, place });
    try {
      if (!this.store) throw new TypeError("no store");
      this.store.setItem(key, text);
    } catch {
      this.memory.set(key, text); // a full or forbidden store: the stroke still goes out, from memory
    }
    this.flush();
  }

  remove(entries) {
    for (const { key } of entries) {
      this.memory.delete(key);
      this.store?.removeItem(key);
    }
  }

  /** Send what waits. Ends when all is sent, or with the first draft that cannot be. */
  async flush() {
    if (this.sending) return;
    this.sending = true;
    clearTimeout(this.timer);
    try {
      for (;;) {
        const first = this.entries().find((entry) => !this.stopped.has(entry.url));
        if (!first) break;
        if (await this.send(first.url, this.batch(first))) continue;
        this.timer = setTimeout(() => this.flush(), AGAIN_MS);
        break;
      }
    } finally {
      this.sending = false;
    }
  }

  /** The oldest strokes of one draft that fit one request. */
  batch(first) {
    let room = BODY_CHARACTERS;
    return this.entries(first.url)
      .filter((entry) => entry.draft === first.draft)
      .slice(0, AT_ONCE)
      .filter((entry, n) => (room -= entry.patch.runs.length + 300) > 0 || n === 0);
  }

  async send(url, batch) {
    const last = batch.at(-1);
    this.tell("sending", url);
    try {
      const response = await request(`${url}/patches`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ holder: this.holder, draft: last.draft, place: last.place, patches: batch.map(({ patch }) => patch) }),
      });
      const answer = await response.json();
      this.remove(batch);
      this.tell("stored", url, answer);
      return true;
    } catch (error) {
      if (error instanceof SessionExpired) this.tell("expired", url, error);
      else if (error instanceof Refused && !isPassing(error) && error.status < 500) {
        this.stopped.add(url);
        this.tell("refused", url, error);
        return true;
      } else this.tell("waiting", url, error);
      return false;
    }
  }

  /** The draft's refusal has been dealt with: its strokes may go again. */
  resume(url) {
    this.stopped.delete(url);
    return this.flush();
  }

  close() {
    clearTimeout(this.timer);
  }
}
