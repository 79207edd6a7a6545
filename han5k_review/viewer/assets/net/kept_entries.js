// @ts-check
// Entries in the browser's own store, each under a key of its own, so that tabs never overwrite each
// other's list. What the store does not take (full, forbidden) is kept in memory. Draws nothing.

/** @typedef {Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">} Store Like localStorage. */

/** @template {{ url: string }} Entry */
export class Kept {
  /**
   * `store` like localStorage, or null; `prefix` begins every key.
   * @param {Store | null} store
   * @param {string} prefix
   */
  constructor(store, prefix) {
    this.store = store;
    this.prefix = prefix;
    /** @type {Map<string, string>} */
    this.memory = new Map();
    /** @type {Map<string, { text: string, entries: (Entry & { id: string })[] }>} */
    this.read = new Map();
    this.count = 0;
  }

  /**
   * Oldest first: { id, url, ... }; of one `url`, or all. What cannot be read is left where it is.
   * @param {string | null} url
   */
  entries(url = null) {
    const found = new Map(this.memory);
    for (let n = 0; n < (this.store?.length ?? 0); n++) {
      const key = this.store?.key(n);
      if (key?.startsWith(this.prefix))
        found.set(key.slice(this.prefix.length), this.store?.getItem(key) ?? "");
    }
    const all = [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([id, text]) => this.entryOf(id, text));
    return url === null ? all : all.filter((entry) => entry.url === url);
  }

  /**
   * What was read before is not read again: strokes may be long.
   * @param {string} id
   * @param {string} text
   */
  entryOf(id, text) {
    const known = this.read.get(id);
    if (known?.text === text) return known.entries;
    /** @type {(Entry & { id: string })[]} */
    let entries = [];
    try {
      const entry = JSON.parse(text);
      if (typeof entry?.url === "string") entries = [{ ...entry, id }];
    } catch {
      // Not ours to judge: it stays where it is, and in nobody's way.
    }
    this.read.set(id, { text, entries });
    return entries;
  }

  /**
   * An id that sorts after those made before.
   * @param {string} own
   */
  newId(own) {
    return `${String(Date.now()).padStart(15, "0")}${String(this.count++).padStart(6, "0")}.${own}`;
  }

  /**
   * @param {string} id
   * @param {Entry} entry
   */
  put(id, entry) {
    const text = JSON.stringify(entry);
    try {
      if (!this.store) throw new TypeError("no store");
      this.store.setItem(this.prefix + id, text);
    } catch {
      this.memory.set(id, text);
    }
  }

  /** @param {{ id: string }[]} entries */
  remove(entries) {
    for (const { id } of entries) {
      this.memory.delete(id);
      this.read.delete(id);
      this.store?.removeItem(this.prefix + id);
    }
  }
}
