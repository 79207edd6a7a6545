// @ts-check
// One draft as this tab holds it: its lease, its version, its strokes on their way. Draws nothing.
//
// states: closed, opening, open, held (somebody else has the lease), broken (cannot be edited now).

import { aboutCase } from "../net/about.js";
import { pause, reasonOf, SessionExpired } from "../net/requests.js";
import { ActivityClock } from "../pure/grading.js";
import { DraftQueue } from "./draft_queue.js";
import { sayDraft, sayFailure, sayStuck } from "./draft_words.js";
import { Drafts, isHeld, newId } from "./drafts.js";
import { encodeStroke } from "./patches.js";
import { hearNews } from "./stroke_news.js";
import { checkDraft } from "./submitting.js";

/** @import { Store } from "../net/kept_entries.js" */
/** @import { ViewerPayload } from "../pure/payload.js" */
/** @import { WireMask } from "../pure/masks.js" */
/** @import { Change } from "./changes.js" */
/** @import { Save } from "./draft_words.js" */
/** @import { DraftPlace } from "./drafts.js" */
/** @import { EditMask } from "./edit_mask.js" */

const KEEP_MS = 30_000;
const STALE = ["old_version", "gap", "another_draft"];

export class DraftSession {
  /**
   * `tell()` redraws what is said; `replaced(mask)` when the server's contour is not the one here.
   * @param {ViewerPayload} data
   * @param {Store | null} store
   * @param {() => void} tell
   * @param {(mask: WireMask | undefined) => void} replaced
   */
  constructor(data, store, tell, replaced) {
    this.tell = tell;
    this.replaced = replaced;
    /** @type {"closed" | "opening" | "open" | "held" | "broken"} */
    this.state = "closed";
    /** @type {string | null} the structure */
    this.name = null;
    /** @type {string | null} the address of its draft */
    this.url = null;
    this.draft = this.version = this.voxels = this.told = 0;
    /** @type {number | null} the version that is journalled */
    this.saved = null;
    /** @type {DraftPlace | null} */
    this.place = null;
    /** @type {string | null} */
    this.refusal = null;
    this.refusedStroke = "";
    this.submitting = false;
    /** @type {Set<string>} drafts whose strokes an earlier visit left in this browser */
    this.left = new Set();
    /** @type {{ of: string, id: string } | null} */
    this.asked = null;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this.keeper = undefined;
    this.drafts = new Drafts(data.addresses.drafts ?? "");
    this.queue = new DraftQueue(store, this.drafts.holder, aboutCase(data), (...news) =>
      hearNews(this, ...news),
    );
    this.clock = new ActivityClock(60);
    /** @type {Save} */
    this.save = { state: "idle", at: null, sentence: "" };
  }

  /**
   * Opens or resumes the draft of a structure, a new one from label version `base`; { mask, place,
   * base }, or null with the reason in `saying()`. `held`, the contour that is here already, is not
   * fetched again for a draft without a stroke that starts from it.
   * @param {string} name
   * @param {boolean} takeOver
   * @param {number | null} base
   * @param {WireMask} [held]
   */
  async open(name, takeOver = false, base = null, held = undefined) {
    const url = this.drafts.urlOf(name);
    this.begin("opening", name, url);
    this.save = { ...this.save, state: "idle", sentence: "" };
    this.tell();
    try {
      const opened = await this.drafts.open(url, takeOver, base);
      this.draft = opened.draft;
      this.place = opened.place;
      this.queue.setAside(this.queue.entries(url).filter((entry) => entry.draft !== this.draft));
      const isBare = opened.version === 0 && this.queue.entries(url).length === 0;
      this.queue.resume(url);
      await this.drained(url);
      const isHere = isBare && held?.label_version === opened.base_label_version;
      if (isHere) this.version = this.saved = 0;
      const mask = isHere ? held : await this.fetch(url, name);
      if (this.url !== url || this.state !== "opening") return null;
      this.state = "open";
      this.keeper = setInterval(() => this.keep(), KEEP_MS);
      this.told = this.clock.activeSeconds(name);
      const steps = await this.drafts.steps(url, this.version);
      return { mask, place: opened.place, base: opened.base_label_version, steps };
    } catch (error) {
      if (this.url === url) this.fail(error);
      return null;
    } finally {
      this.tell();
    }
  }

  /**
   * @param {DraftSession["state"]} state
   * @param {string | null} name
   * @param {string | null} url
   */
  begin(state, name, url) {
    this.state = state;
    this.name = name;
    this.url = url;
  }

  /**
   * @param {string} url
   * @param {string} name
   */
  async fetch(url, name) {
    const { version, mask } = await this.drafts.fetchMask(url, name);
    this.version = this.saved = version;
    return mask;
  }

  /**
   * All strokes of a draft are journalled; throws when that is not possible now.
   * @param {string} url
   */
  async drained(url) {
    while (this.queue.entries(url).length) {
      const isStuck = ["expired", "foreign"].includes(this.save.state) || this.queue.isFailing(url);
      if (isStuck) throw new Error(sayStuck(this.saying()));
      if (this.queue.stopped.has(url)) this.setAside(url);
      await pause(30);
    }
  }

  /**
   * Strokes the server cannot take wait for the reader's decision; then the draft may go on.
   * @param {string} url
   */
  setAside(url) {
    const why = this.refusedStroke;
    this.queue.setAside(this.queue.entries(url), why);
    this.queue.stopped.delete(url);
    this.refusedStroke = "";
    // Why is said beside the strokes, in the reader's words.
    if (why || STALE.includes(this.refusal ?? "")) this.save = { ...this.save, state: "idle", sentence: "" };
  }

  /** @param {unknown} error */
  fail(error) {
    clearInterval(this.keeper);
    this.refusal = reasonOf(error);
    this.state = isHeld(error) ? "held" : "broken";
    const kind =
      error instanceof SessionExpired ? "expired" : this.save.state === "waiting" ? "waiting" : "refused";
    this.save = { ...this.save, state: kind, sentence: sayFailure(error) };
  }

  /**
   * A stroke that has been drawn: it is stored here at once and sent.
   * @param {Change} change
   * @param {string} tool
   * @param {EditMask} mask
   * @param {DraftPlace | null} place
   */
  commit(change, tool, mask, place) {
    if (this.name === null || this.url === null) return;
    const seconds = this.clock.activeSeconds(this.name);
    const spent = Math.min(3600, Math.max(0, Math.round((seconds - this.told) * 10) / 10));
    const act = { id: newId(), base_version: this.version++, tool, active_seconds: spent };
    this.told = seconds;
    this.voxels = mask.voxels;
    this.place = place;
    this.queue.add(this.url, { draft: this.draft, place, ...encodeStroke(change, mask, act) });
  }

  /** How many strokes of the draft in hand are not journalled yet; of all drafts when none is. */
  get waiting() {
    return this.queue.entries(this.url).length;
  }

  /** Takes the contour from the server again; strokes that it refused are set aside. */
  async reload() {
    const { url, name } = this;
    if (url === null || name === null) return;
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
    if (this.state !== "open" || this.url === null || document.hidden) return;
    try {
      await this.drafts.keep(this.url, this.draft, this.place);
    } catch (error) {
      if (isHeld(error)) {
        this.fail(error);
        this.tell();
      }
    }
  }

  /**
   * Leaves the draft as it is; strokes on their way go on. Resolves when the server has the lease back.
   * @param {DraftPlace | null} place
   */
  async leave(place, release = true) {
    clearInterval(this.keeper);
    const { url, draft, state } = this;
    this.begin("closed", null, null);
    if (state !== "open" || url === null || !release) return;
    try {
      await this.drained(url);
      if (this.url !== url) await this.drafts.release(url, draft, place);
    } catch {
      // The strokes wait in this browser; the lease ends by itself.
    }
  }

  check() {
    return checkDraft(this);
  }

  /** What the panel says: { word, tone, sentence }. */
  saying() {
    return sayDraft(this, this.waiting);
  }

  close() {
    clearInterval(this.keeper);
    this.queue.close();
    if (this.state === "open" && this.url !== null && !this.waiting)
      this.drafts.release(this.url, this.draft, this.place, true);
  }
}
