// Strokes on their way: kept in the browser's own store until the server has journalled each one.
//
// A stroke is stored as the very bytes that are sent, so that a second sending is answered as the
// first was. Strokes of one draft go in order, up to 64 at a time; a refusal stops that draft and no
// other. Strokes that no longer fit are set aside, not dropped. Nothing here is drawn.

import { isPassing, Refused, request, SessionExpired } from "../net/requests.js";
import { StrokeStore } from "./stroke_store.js";

const AGAIN_MS = 4000;
const AT_ONCE = 64;
const BODY_CHARACTERS = 3_000_000;

export class DraftQueue {
  /** `tell(kind, url, detail)`: sending, stored, waiting, expired, refused. `store` like localStorage, or null. */
  constructor(store, holder, tell) {
    Object.assign(this, { holder, tell, stopped: new Set(), sending: false, timer: null, count: 0 });
    this.waiting = new StrokeStore(store, "han5k-review.stroke.");
    this.aside = new StrokeStore(store, "han5k-review.aside.");
  }

  /** Strokes not yet journalled, oldest first: { id, url, draft, patch, place, added }. */
  entries(url = null) {
    return this.waiting.entries(url);
  }

  /** `stroke`: { draft, patch, place, added }; `added` says which of its voxels came to be inside. */
  add(url, stroke) {
    const at = String(Date.now()).padStart(15, "0") + String(this.count++).padStart(6, "0");
    this.waiting.put(`${at}.${stroke.patch.id}`, { url, ...stroke });
    this.flush();
  }

  /** These are not sent any more but stay in the browser until the reader decides. */
  setAside(entries) {
    for (const { id, ...entry } of entries) this.aside.put(id, entry);
    this.waiting.remove(entries);
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
      .filter((entry, n) => {
        room -= entry.patch.runs.length + 300;
        return room > 0 || n === 0;
      });
  }

  async send(url, batch) {
    const last = batch.at(-1);
    this.tell("sending", url);
    try {
      const response = await request(`${url}/patches`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({
          holder: this.holder,
          draft: last.draft,
          place: last.place,
          patches: batch.map(({ patch }) => patch),
        }),
      });
      const answer = await response.json();
      this.waiting.remove(batch);
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
