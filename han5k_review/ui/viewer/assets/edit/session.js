// One draft as this tab holds it: its lease, its version, its strokes on their way. Draws nothing.
//
// states: closed, opening, open, held (somebody else has the lease), broken (cannot be edited now).

import { aboutCase } from "../net/about.js";
import { sayReason } from "../net/grade_queue.js";
import { pause, Refused, SessionExpired } from "../net/requests.js";
import { ActivityClock } from "../pure/grading.js";
import { DraftQueue, isAboutStroke } from "./draft_queue.js";
import { recoverStrokes } from "./draft_recovery.js";
import { sayDraft, sayFailure } from "./draft_words.js";
import { Drafts, newId } from "./drafts.js";
import { encodeAdded, encodeChange } from "./patches.js";
import { submitDraft } from "./submitting.js";

const KEEP_MS = 30_000;
const STALE = ["old_version", "gap", "another_draft"];
const HELD = ["lease_held", "lease_lost"];
const CLOSED = [...HELD, "locked", "no_draft", "another_draft"];

export class DraftSession {
  /** `tell()` redraws what is said; `replaced(mask)` when the server's contour is not the one here. */
  constructor(data, store, tell, replaced) {
    Object.assign(this, {
      tell,
      replaced,
      state: "closed",
      name: null,
      url: null,
      draft: null,
      version: 0,
      question: null,
      refusedStroke: "",
    });
    this.drafts = new Drafts(data.addresses.drafts);
    this.queue = new DraftQueue(store, this.drafts.holder, aboutCase(data), (...news) => this.hear(...news));
    this.clock = new ActivityClock(60);
    this.save = { state: "idle", at: null, sentence: "" };
    this.told = 0;
  }

  /**
   * Opens or resumes the draft of a structure, a new one from label version `base`; { mask, place,
   * base }, or null with the reason in `saying()`.
   */
  async open(name, takeOver = false, base = null) {
    const url = this.drafts.urlOf(name);
    Object.assign(this, { name, url, state: "opening", question: null });
    this.save = { ...this.save, state: "idle", sentence: "" };
    this.tell();
    try {
      const opened = await this.drafts.open(url, takeOver, base);
      this.draft = opened.draft;
      this.queue.setAside(this.queue.entries(url).filter((entry) => entry.draft !== this.draft));
      this.queue.resume(url);
      await this.drained(url);
      const mask = await this.fetch(url, name);
      if (this.url !== url || this.state !== "opening") return null;
      this.state = "open";
      this.keeper = setInterval(() => this.keep(), KEEP_MS);
      this.told = this.clock.activeSeconds(name);
      return { mask, place: opened.place, base: opened.base_label_version };
    } catch (error) {
      if (this.url === url) this.fail(error);
      return null;
    } finally {
      this.tell();
    }
  }

  async fetch(url, name) {
    const { version, mask } = await this.drafts.fetchMask(url, name);
    this.version = this.saved = version;
    return mask;
  }

  /** All strokes of a draft are journalled; throws when that is not possible now. */
  async drained(url) {
    while (this.queue.entries(url).length) {
      const isStuck = ["expired", "foreign"].includes(this.save.state) || this.queue.isFailing(url);
      if (isStuck) throw new Error(this.saying().word);
      if (this.queue.stopped.has(url)) this.setAside(url);
      await pause(30);
    }
  }

  /** Strokes the server cannot take wait for the reader's decision; then the draft may go on. */
  setAside(url) {
    const why = this.refusedStroke;
    this.queue.setAside(this.queue.entries(url), why);
    this.queue.stopped.delete(url);
    this.refusedStroke = "";
    // Why is said beside the strokes, in the reader's words.
    if (why || STALE.includes(this.refusal)) this.save = { ...this.save, state: "idle", sentence: "" };
  }

  fail(error) {
    clearInterval(this.keeper);
    const reason = error instanceof Refused ? error.detail.reason : null;
    this.refusal = reason;
    this.state = HELD.includes(reason) ? "held" : "broken";
    const kind =
      error instanceof SessionExpired ? "expired" : this.save.state === "waiting" ? "waiting" : "refused";
    this.save = { ...this.save, state: kind, sentence: sayFailure(error) };
  }

  /** A stroke that has been drawn: it is stored here at once and sent. */
  commit(change, tool, mask, place) {
    const seconds = this.clock.activeSeconds(this.name);
    const box = encodeChange(change, mask.grid);
    const patch = {
      id: newId(),
      base_version: this.version++,
      tool,
      mode: "xor",
      ...box,
      active_seconds: Math.min(3600, Math.max(0, Math.round((seconds - this.told) * 10) / 10)),
    };
    this.told = seconds;
    this.voxels = mask.voxels;
    this.place = place;
    this.queue.add(this.url, { draft: this.draft, patch, place, added: encodeAdded(change, mask, box) });
  }

  /** News of the queue; other drafts' troubles are their own. */
  hear(kind, url, detail) {
    if (kind === "stored") this.stored(url, detail);
    else if (kind === "refused") this.refused(url, detail);
    else if (this.url && url !== this.url && kind !== "expired") return;
    else if (!(kind === "sending" && ["waiting", "expired"].includes(this.save.state))) {
      this.save = { ...this.save, state: kind === "sending" ? "saving" : kind, sentence: "" };
    }
    this.tell();
  }

  /** How many strokes of the draft in hand are not journalled yet; of all drafts when none is. */
  get waiting() {
    return this.queue.entries(this.url).length;
  }

  stored(url, answer) {
    const left = this.waiting;
    if (url === this.url) this.saved = answer.version;
    this.save = {
      state: left ? "saving" : "saved",
      at: new Date(),
      sentence: this.save.state === "refused" ? this.save.sentence : "",
    };
    const whole = url === this.url && this.state === "open" && !this.queue.entries(url).length;
    if (whole && answer.version === this.version && answer.voxels !== this.voxels) this.reload();
  }

  refused(url, error) {
    const reason = error.detail?.reason ?? null;
    const isForeign = error.status === 403;
    const why = isAboutStroke(error) ? sayReason(error) : "";
    if (url !== this.url && !HELD.includes(reason) && !isForeign) {
      this.queue.setAside(this.queue.entries(url), why); // nobody is drawing there now
      this.queue.stopped.delete(url);
      return;
    }
    this.refusal = reason;
    this.refusedStroke = why;
    this.save = { ...this.save, state: isForeign ? "foreign" : "refused", sentence: error.message };
    if (url !== this.url || this.state !== "open") return;
    if (isForeign || CLOSED.includes(reason)) this.fail(error);
    else this.reload();
  }

  /** Takes the contour from the server again; strokes that it refused are set aside. */
  async reload() {
    const { url, name } = this;
    this.setAside(url);
    this.state = "opening";
    this.tell();
    try {
      const mask = await this.fetch(url, name);
      if (this.url !== url) return;
      this.state = "open";
      this.replaced(mask);
    } catch (error) {
      this.fail(error);
    }
    this.tell();
  }

  async keep() {
    if (this.state !== "open" || document.hidden) return;
    try {
      await this.drafts.keep(this.url, this.draft, this.place ?? null);
    } catch (error) {
      if (error instanceof Refused && HELD.includes(error.detail.reason)) {
        this.fail(error);
        this.tell();
      }
    }
  }

  /** { revision, vrd, ... }, or null: then `question` or `saying()` tells why. */
  submit(confirmed) {
    return submitDraft(this, confirmed);
  }

  async discard() {
    const { url, draft } = this;
    this.queue.stopped.add(url);
    try {
      await this.drafts.discard(url, draft);
      this.queue.waiting.remove(this.queue.entries(url));
      this.queue.stopped.delete(url);
      return true;
    } catch (error) {
      this.queue.resume(url);
      this.save = { ...this.save, state: "refused", sentence: error.message };
      return false;
    }
  }

  /** Leaves the draft as it is; strokes on their way go on. */
  async leave(place, release = true) {
    clearInterval(this.keeper);
    const { url, draft, state } = this;
    Object.assign(this, { state: "closed", name: null, url: null, question: null });
    if (state !== "open" || !release) return;
    try {
      await this.drained(url);
      if (this.url !== url) this.drafts.release(url, draft, place);
    } catch {
      // The strokes wait in this browser; the lease ends by itself.
    }
  }

  /** Strokes that an earlier visit could not send are sent now, whichever structure is chosen. */
  recover() {
    return recoverStrokes(this);
  }

  /** What the panel says: { word, tone, sentence }. */
  saying() {
    return sayDraft(this, this.waiting);
  }

  close() {
    clearInterval(this.keeper);
    this.queue.close();
    if (this.state === "open" && !this.queue.entries(this.url).length)
      this.drafts.release(this.url, this.draft, this.place ?? null);
  }
}
