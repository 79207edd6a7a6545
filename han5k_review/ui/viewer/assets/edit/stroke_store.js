// Strokes in the browser's own store, each under a key of its own, so that tabs never overwrite each
// other's list. What the store does not take (full, forbidden) is kept in memory. Draws nothing.

export class StrokeStore {
  /** `store` like localStorage, or null; `prefix` begins every key. */
  constructor(store, prefix) {
    Object.assign(this, { store, prefix, memory: new Map() });
  }

  /** Oldest first: { id, url, draft, patch, ... }; of one draft's `url`, or all. */
  entries(url = null) {
    const found = new Map(this.memory);
    for (let n = 0; n < (this.store?.length ?? 0); n++) {
      const key = this.store.key(n);
      if (key?.startsWith(this.prefix)) found.set(key.slice(this.prefix.length), this.store.getItem(key));
    }
    const all = [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, text]) => ({ id, ...JSON.parse(text) }));
    return url === null ? all : all.filter((entry) => entry.url === url);
  }

  put(id, entry) {
    const text = JSON.stringify(entry);
    try {
      if (!this.store) throw new TypeError("no store");
      this.store.setItem(this.prefix + id, text);
    } catch {
      this.memory.set(id, text);
    }
  }

  remove(entries) {
    for (const { id } of entries) {
      this.memory.delete(id);
      this.store?.removeItem(this.prefix + id);
    }
  }
}
