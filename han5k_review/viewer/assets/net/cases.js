// @ts-check
// Opened cases: the one on the screen and, at low priority, the reader's next one. Never more.

import { parseMasks } from "../pure/masks.js";
import { patiently, pause, request } from "./requests.js";
import { Volume } from "./volume.js";

/** @import { WireMask } from "../pure/masks.js" */
/** @import { LabelSet, ViewerPayload } from "../pure/payload.js" */
/** @typedef {{ volume: string, label_sets: LabelSet[] }} CaseSource Where a case comes from. */

/**
 * What a case tells: `volume` is there, `masks` of a set (its key), `slab` (loaded or not), `network` lost
 * or back, `expired` sign-in, `broken` part.
 * @typedef {(kind: CaseNews, detail: any) => void} CaseListener
 * @typedef {"volume" | "masks" | "slab" | "network" | "expired" | "broken"} CaseNews
 */

const PATIENCE_MS = 400;

/** One case's CT and label sets, from the moment they are asked for. */
export class OpenCase {
  /** @param {CaseSource} source */
  constructor(source) {
    this.source = source;
    this.closing = new AbortController();
    /** @type {Set<CaseListener>} */
    this.listeners = new Set();
    /** @type {Volume | null} */
    this.volume = null;
    /** @type {Map<string, Map<string, WireMask>>} */
    this.masks = new Map();
    /** @type {Set<string>} */
    this.asked = new Set();
    /** @type {{ slice: number | null, limit: number }} */
    this.wanted = { slice: null, limit: 3 };
    this.signals = {
      /** @param {boolean} lost */
      network: (lost) => this.tell("network", lost),
      /** @param {boolean} out */
      expired: (out) => this.tell("expired", out),
    };
    this.begin().catch((error) => {
      if (!this.closing.signal.aborted) this.tell("broken", { what: "The CT", error });
    });
  }

  /** @param {CaseListener} listener */
  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * @param {CaseNews} kind
   * @param {any} [detail]
   */
  tell(kind, detail) {
    for (const listener of this.listeners) listener(kind, detail);
  }

  async begin() {
    const options = { signal: this.closing.signal, ...this.signals };
    const masks = this.source.label_sets.map((set) => this.beginMasks(set, options));
    const index = await patiently(this.source.volume, (response) => response.json(), options);
    const volume = new Volume(index, (kind, detail) => this.tell(kind, detail), this.signals);
    this.volume = volume;
    this.tell("volume", volume);
    // The labels say which slice is wanted first; a moment's wait for them saves a wrong slab.
    if (this.wanted.slice === null) await Promise.race([masks[0], pause(PATIENCE_MS)]);
    this.want(this.wanted.slice ?? this.firstSlice(volume), this.wanted.limit);
  }

  /** @param {Volume} volume */
  firstSlice(volume) {
    const masks = this.masks.get(this.source.label_sets[0]?.key) ?? new Map();
    const placed = [...masks.values()].find((mask) => mask.centre);
    return placed?.centre[2] ?? Math.floor(volume.shape[2] / 2);
  }

  /**
   * Asks for the masks of these sets; `again`: also for those that are there, which may be newer now.
   * @param {LabelSet[]} sets
   * @returns {Promise<unknown>}
   */
  expect(sets, again = false) {
    const cache = /** @type {RequestCache} */ (again ? "no-cache" : "default");
    const options = { signal: this.closing.signal, ...this.signals, cache };
    return Promise.all(
      sets.map((set) => (again || !this.asked.has(set.url) ? this.beginMasks(set, options) : null)),
    );
  }

  /**
   * @param {LabelSet} set
   * @param {Parameters<typeof patiently>[2]} options
   */
  async beginMasks(set, options) {
    this.asked.add(set.url);
    try {
      const buffer = await patiently(set.url, (response) => response.arrayBuffer(), options);
      this.masks.set(set.key, parseMasks(buffer));
      this.tell("masks", set.key);
    } catch (error) {
      this.asked.delete(set.url);
      if (!this.closing.signal.aborted) this.tell("broken", { what: set.name ?? "labels", error });
    }
  }

  /** @param {number} slice */
  want(slice, limit = 3) {
    this.wanted = { slice, limit };
    this.volume?.want(slice, limit);
  }

  close() {
    this.closing.abort();
    this.volume?.close();
    this.masks.clear();
    this.listeners.clear();
  }
}

/** @type {Map<string, OpenCase>} */
const open = new Map();

/**
 * The label sets of a mount as the server has them now.
 * @param {ViewerPayload} data
 * @returns {Promise<LabelSet[]>}
 */
export async function askLabelSets(data) {
  const response = await request(data.addresses.label_sets, { cache: "no-store" });
  return (await response.json()).label_sets;
}

/**
 * The case of a mount, taken over from the prefetch when it is there; all others are closed.
 * @param {ViewerPayload} data
 */
export function takeCase({ addresses: { volume }, label_sets }) {
  const found = open.get(volume);
  for (const [url, other] of open) {
    if (other !== found) other.close();
    if (other !== found) open.delete(url);
  }
  const taken = found ?? new OpenCase({ volume, label_sets });
  // The case may have other sets now than when it was prefetched.
  found?.expect(label_sets);
  open.set(volume, taken);
  return taken;
}

/**
 * Begin the next case, one slab at a time. Does nothing when it has begun.
 * @param {ViewerPayload} data
 */
export function prefetchCase({ next }) {
  if (!next || open.has(next.volume)) return;
  const opened = new OpenCase(next);
  opened.wanted.limit = 1;
  open.set(next.volume, opened);
}

export function closeAll() {
  for (const opened of open.values()) opened.close();
  open.clear();
}
