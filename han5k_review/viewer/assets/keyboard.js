// This reader's keyboard: which layout it has, which keys were changed, and where they are written.

import { Layout, labelOf } from "./pure/keyboard.js";
import { ACTIONS, keysOf, labelsOf, readOwnKeys, tooltip, useKeys } from "./pure/keymap.js";

const KEY = "han5k-review.keys";

export class Keyboard {
  /** `store` like localStorage, or null; `account` tells readers of one browser apart; `changed()` redraws. */
  constructor(store, account, changed) {
    Object.assign(this, { store, key: account ? `${KEY}.${account}` : KEY, changed, layout: new Layout() });
    this.own = this.read();
    this.use();
    this.ask();
  }

  /** Browsers that know the layout tell it; the others' is learned from keys. */
  async ask() {
    try {
      const map = await globalThis.navigator?.keyboard?.getLayoutMap();
      if (!map || this.layout.typed.size) return;
      this.layout = new Layout(map);
      this.refresh();
    } catch {
      // Not allowed in this frame: learned from keys.
    }
  }

  learn(event) {
    if (this.layout.learn(event)) this.refresh();
  }

  read() {
    try {
      return readOwnKeys(JSON.parse(this.store?.getItem(this.key) ?? "{}"));
    } catch {
      return {};
    }
  }

  /** The reader's keys from now on; {} for those of the table. */
  change(own) {
    this.own = own;
    try {
      if (Object.keys(own).length) this.store?.setItem(this.key, JSON.stringify(own));
      else this.store?.removeItem(this.key);
    } catch {
      // A full store costs the reader the change at the next visit, nothing else.
    }
    this.refresh();
  }

  use() {
    useKeys(this.own, (name) => labelOf(name, this.layout));
    this.written = new Map(ACTIONS.map((action) => [action, tooltip(action)]));
  }

  refresh() {
    const before = this.written;
    this.use();
    this.changed(before);
  }
}

/** Writes the keys anew on what shows them: tooltips that were `before`, and `kbd` with data-key. */
export function rewriteKeys({ root, help }, before) {
  help.update();
  for (const element of root.querySelectorAll("[data-action]")) {
    const old = before.get(element.dataset.action);
    for (const name of ["title", "aria-label"]) {
      if (old !== undefined && element.getAttribute(name) === old)
        element.setAttribute(name, tooltip(element.dataset.action));
    }
  }
  for (const element of root.querySelectorAll("[data-key]"))
    element.textContent = shortKey(element.dataset.key);
}

/** The first key of an action, as short as a button has room for. */
export function shortKey(action) {
  if (!keysOf(action).length) return "";
  const [first] = labelsOf(action);
  return first === "Space" ? "space" : first.replace("Shift+", "⇧");
}
