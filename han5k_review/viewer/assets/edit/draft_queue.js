// @ts-check
// Strokes on their way: kept in the browser's own store until the server has journalled each one.
//
// A stroke is stored as the very bytes that are sent, so that a second sending is answered as the
// first was. Strokes of one draft go in order, up to 64 at a time; those of other drafts never wait
// for them. A stroke that cannot be stored stops its draft: it and those drawn after it are set
// aside, not dropped. Nothing here is drawn.

import { Kept } from "../net/kept_entries.js";
import { Outbox } from "../net/outbox.js";
import { reasonOf, request, statusOf } from "../net/requests.js";
import { fateOf } from "../pure/request_failures.js";

/** @import { About } from "../net/about.js" */
/** @import { Store } from "../net/kept_entries.js" */
/** @import { Ended } from "../net/outbox.js" */
/** @import { DraftPlace } from "./drafts.js" */
/** @import { EncodedChange } from "./patches.js" */

/**
 * A patch as docs/transport.md has it.
 * @typedef {EncodedChange & { id: string, base_version: number, tool: string, mode: "xor", active_seconds: number }} Patch
 * @typedef {{ draft: number, patch: Patch, place: DraftPlace | null, added: string }} Stroke
 * @typedef {Stroke & { url: string, reason?: string } & Partial<About>} KeptStroke
 * @typedef {KeptStroke & { id: string }} StrokeEntry
 * @typedef {"sending" | "stored" | "waiting" | "expired" | "refused"} StrokeNews
 */

const AT_ONCE = 64;
const BODY_CHARACTERS = 3_000_000;
const TIMEOUT_MS = 120_000;
const ABOUT_THE_DRAFT = new Set([
  ...["lease_held", "lease_lost", "old_version", "gap"],
  ...["another_draft", "no_draft", "locked", "not_yours"],
]);
const AFTER_IT = "It was drawn after a stroke that could not be saved.";

/**
 * Is a refusal about one of the strokes sent, and not about the draft they are for?
 * @param {unknown} error
 */
export const isAboutStroke = (error) =>
  statusOf(error) !== 403 && !ABOUT_THE_DRAFT.has(reasonOf(error) ?? "");

export class DraftQueue {
  /**
   * `tell(kind, url, detail)`: sending, stored, waiting, expired, refused. `store` like localStorage, or null;
   * `about`: { case, page, account }, kept beside each stroke.
   * @param {Store | null} store
   * @param {string} holder
   * @param {About} about
   * @param {(kind: StrokeNews, url: string, detail?: any) => void} tell
   */
  constructor(store, holder, about, tell) {
    this.holder = holder;
    this.about = about;
    this.tell = tell;
    /** @type {Set<string>} */
    this.stopped = new Set();
    /** @type {Set<string>} */
    this.alone = new Set();
    /** @type {Kept<KeptStroke>} */
    this.waiting = new Kept(store, "han5k-review.stroke.");
    /** @type {Kept<KeptStroke>} */
    this.aside = new Kept(store, "han5k-review.aside.");
    /** @type {Outbox<StrokeEntry>} */
    this.outbox = new Outbox({
      entries: () => this.entries(),
      laneOf: ({ url }) => (this.stopped.has(url) ? null : url),
      deliver: (first) => this.deliver(first.url, this.batch(first)),
    });
  }

  /**
   * Strokes not yet journalled, oldest first: { id, url, draft, patch, place, added }.
   * @param {string | null} url
   */
  entries(url = null) {
    return this.waiting.entries(url).filter(({ patch }) => patch);
  }

  /**
   * `stroke`: { draft, patch, place, added }; `added` says which of its voxels came to be inside.
   * @param {string} url
   * @param {Stroke} stroke
   */
  add(url, stroke) {
    this.waiting.put(this.waiting.newId(stroke.patch.id), { url, ...this.about, ...stroke });
    this.flush();
  }

  /**
   * These are not sent any more but stay in the browser until the reader decides; `reason` is the first one's.
   * @param {StrokeEntry[]} entries
   */
  setAside(entries, reason = "") {
    for (const [n, { id, ...entry }] of entries.entries()) {
      this.outbox.patience.forget(id);
      this.aside.put(id, reason ? { ...entry, reason: n ? AFTER_IT : reason } : entry);
    }
    this.waiting.remove(entries);
  }

  /**
   * Those of this account that were set aside, oldest first; of one draft's `url`, or all.
   * @param {string | null} url
   */
  asideOf(url = null) {
    const own = this.about.account ?? null;
    return this.aside.entries(url).filter(({ patch, account }) => patch && (account ?? null) === own);
  }

  flush(woken = false) {
    return this.outbox.flush(woken);
  }

  /**
   * The oldest strokes of one draft that fit one request; one alone while a bad one is looked for.
   * @param {StrokeEntry} first
   */
  batch(first) {
    let room = BODY_CHARACTERS;
    return this.entries(first.url)
      .filter((entry) => entry.draft === first.draft)
      .slice(0, this.alone.has(first.url) ? 1 : AT_ONCE)
      .filter((entry, n) => {
        room -= entry.patch.runs.length + 300;
        return room > 0 || n === 0;
      });
  }

  /**
   * @param {string} url
   * @param {StrokeEntry[]} batch
   * @returns {Promise<Ended>}
   */
  async deliver(url, batch) {
    const last = batch[batch.length - 1];
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
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const answer = await response.json();
      this.outbox.patience.forget(batch[0].id);
      this.waiting.remove(batch);
      this.tell("stored", url, answer);
      return "done";
    } catch (error) {
      return this.failed(error, url, batch);
    }
  }

  /**
   * @param {unknown} error
   * @param {string} url
   * @param {StrokeEntry[]} batch
   * @returns {Ended}
   */
  failed(error, url, batch) {
    const fate = fateOf(statusOf(error));
    if (fate === "expired") {
      this.tell("expired", url, error);
      return "signed out";
    }
    const [first] = batch;
    if (fate === "again" && !this.outbox.failed(first.id, error)) {
      this.tell("waiting", url, error);
      return "later";
    }
    this.outbox.patience.forget(first.id);
    // Of several only one may be bad: those before it are saved one by one, and it is found.
    if (batch.length > 1 && isAboutStroke(error)) this.alone.add(url);
    else {
      this.alone.delete(url);
      this.stopped.add(url);
      this.tell("refused", url, error);
    }
    return "done";
  }

  /**
   * Has the oldest stroke of a draft failed, and does it wait to be sent again?
   * @param {string} url
   */
  isFailing(url) {
    const [first] = this.entries(url);
    return Boolean(first && this.outbox.patience.has(first.id));
  }

  /**
   * The draft's refusal has been dealt with: its strokes may go again.
   * @param {string} url
   */
  resume(url) {
    this.stopped.delete(url);
    return this.flush();
  }

  close() {
    this.outbox.close();
  }
}
