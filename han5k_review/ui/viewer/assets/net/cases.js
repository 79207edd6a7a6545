// Opened cases: the one on the screen and, at low priority, the reader's next one. Never more.

import { parseMasks } from "../pure/masks.js";
import { patiently, pause, request } from "./requests.js";
import { Volume } from "./volume.js";

const PATIENCE_MS = 400;

/** One case's CT and label sets, from the moment they are asked for. */
class OpenCase {
  constructor(source) {
    this.source = source;
    this.closing = new AbortController();
    this.listeners = new Set();
    this.volume = null;
    this.masks = new Map();
    this.asked = new Set();
    this.wanted = { slice: null, limit: 3 };
    this.signals = {
      network: (lost) => this.tell("network", lost),
      expired: (out) => this.tell("expired", out),
    };
    this.begin().catch((error) => {
      if (!this.closing.signal.aborted) this.tell("broken", { what: "The CT", error });
    });
  }

  listen(listener) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(kind, detail) {
    for (const listener of this.listeners) listener(kind, detail);
  }

  async begin() {
    const options = { signal: this.closing.signal, ...this.signals };
    const masks = this.source.label_sets.map((set) => this.beginMasks(set, options));
    const index = await patiently(this.source.volume, (response) => response.json(), options);
    this.volume = new Volume(index, (kind, detail) => this.tell(kind, detail), this.signals);
    this.tell("volume", this.volume);
    // The labels say which slice is wanted first; a moment's wait for them saves a wrong slab.
    if (this.wanted.slice === null) await Promise.race([masks[0], pause(PATIENCE_MS)]);
    this.want(this.wanted.slice ?? this.firstSlice(), this.wanted.limit);
  }

  firstSlice() {
    const masks = this.masks.get(this.source.label_sets[0]?.key) ?? new Map();
    const placed = [...masks.values()].find((mask) => mask.centre);
    return placed?.centre[2] ?? Math.floor(this.volume.shape[2] / 2);
  }

  /** Asks for the masks of these sets; `again`: also for those that are there, which may be newer now. */
  expect(sets, again = false) {
    const options = { signal: this.closing.signal, ...this.signals, cache: again ? "no-cache" : "default" };
    return Promise.all(
      sets.map((set) => (again || !this.asked.has(set.url) ? this.beginMasks(set, options) : null)),
    );
  }

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

const open = new Map();

/** The label sets of a mount as the server has them now. */
export async function askLabelSets(data) {
  const response = await request(data.addresses.label_sets, { cache: "no-store" });
  return (await response.json()).label_sets;
}

/** The case of a mount, taken over from the prefetch when it is there; all others are closed. */
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

/** Begin the next case, one slab at a time. Does nothing when it has begun. */
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
