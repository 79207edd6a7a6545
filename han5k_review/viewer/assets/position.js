// @ts-check
// Tells the server where the reader is, a moment after they stopped moving.

const AFTER_MS = 1200;

export class PositionKeeper {
  /** @param {{ addresses: { position?: string | null } }} data what the page mounts with */
  constructor(data) {
    this.url = data.addresses.position;
    this.timer = 0;
    /** @type {string | null} */
    this.told = null;
    /** @type {string | null} */
    this.place = null;
  }

  /**
   * @param {string | null} structure
   * @param {number} slice
   */
  note(structure, slice) {
    if (!this.url || !structure) return;
    this.place = JSON.stringify({ structure, slice });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), AFTER_MS);
  }

  /** A position that cannot be told is not worth a word to the reader: the next one will be. */
  send() {
    clearTimeout(this.timer);
    if (!this.url || !this.place || this.place === this.told) return;
    this.told = this.place;
    fetch(this.url, {
      method: "POST",
      keepalive: true,
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: this.place,
    }).catch(() => {
      this.told = null;
    });
  }
}
