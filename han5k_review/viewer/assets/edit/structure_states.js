// @ts-check
// The state of each structure at the server: accepted and locked, or with an open draft of this reader. Draws
// nothing.

/** @import { Drafts, DraftState, LockState } from "./drafts.js" */

const AGAIN_MS = 20_000;

/**
 * `2026-05-04 14:02` where the reader is; "" for a time that is none, or that a blinded reader is not told.
 * @param {string | null} iso
 */
export function dayAndTime(iso) {
  if (iso === null) return "";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  /** @param {number} part */
  const two = (part) => String(part).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

export class StructureStates {
  /**
   * `tell()` when something changed.
   * @param {Drafts} drafts
   * @param {() => void} tell
   */
  constructor(drafts, tell) {
    this.drafts = drafts;
    this.tell = tell;
    /** @type {Map<string, LockState>} */
    this.locks = new Map();
    /** @type {Map<string, DraftState>} */
    this.open = new Map();
    this.askedAt = -Infinity;
    /** @type {Promise<void>} the last question */
    this.asked = Promise.resolve();
  }

  /** Asks the server; what it said before stays when it cannot be reached. */
  refresh() {
    this.asked = this.ask();
    return this.asked;
  }

  async ask() {
    this.askedAt = performance.now();
    try {
      const { drafts, locks } = await this.drafts.list();
      this.locks = new Map(locks.filter((lock) => lock.locked).map((lock) => [lock.structure, lock]));
      this.open = new Map(drafts.map((draft) => [draft.structure, draft]));
      this.tell();
    } catch {
      // Whoever draws on a locked structure is told by the server.
    }
  }

  /** The reader is back at this tab: others may have accepted or unlocked meanwhile. */
  wake() {
    if (performance.now() - this.askedAt > AGAIN_MS) this.refresh();
  }

  /** @param {string} name */
  isLocked(name) {
    return this.locks.has(name);
  }

  /**
   * Why a structure cannot be edited, in one sentence; "" when it can.
   * @param {string | null} name
   */
  lockOf(name) {
    const lock = name === null ? null : this.locks.get(name);
    if (!lock) return "";
    const reason = lock.reason ? ` Reason: ${lock.reason}` : "";
    const at = dayAndTime(lock.at_utc);
    return `${name} was accepted and locked${at && ` on ${at}`}; an adjudicator can unlock it, with a reason.${reason}`;
  }

  /** Structures with an open draft that something was drawn in. */
  listUnsubmitted() {
    return [...this.open.values()].filter(({ version }) => version > 0).map(({ structure }) => structure);
  }

  /**
   * What the list says of an open draft; "" where there is none.
   * @param {string} name
   */
  draftOf(name) {
    const draft = this.open.get(name);
    return draft ? `Your draft is open, last changed on ${dayAndTime(draft.changed_at_utc)}` : "";
  }
}
