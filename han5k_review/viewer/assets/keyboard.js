// @ts-check
// This reader's keyboard: which layout it has, which keys were changed, and where they are written.

import { Layout, labelOf } from "./pure/keyboard.js";
import { ACTIONS, keysOf, labelsOf, readOwnKeys, tooltip, useKeys } from "./pure/keymap.js";

/** @import { Store } from "./net/kept_entries.js" */
/** @import { KeyPress } from "./pure/keyboard.js" */
/** @import { OwnKeys } from "./pure/keymap.js" */
/** @import { Workspace } from "./workspace.js" */

/** @typedef {{ keyboard?: { getLayoutMap(): Promise<Map<string, string>> } }} KeyboardTeller */
/** @typedef {Map<string, string>} Tooltips action -> its tooltip, with the keys of now */

const KEY = "han5k-review.keys";

export class Keyboard {
  /**
   * `store` like localStorage, or null; `account` tells readers of one browser apart; `changed` redraws.
   * @param {Store | null} store
   * @param {string | null} account
   * @param {(before: Tooltips) => void} changed
   */
  constructor(store, account, changed) {
    this.store = store;
    this.key = account ? `${KEY}.${account}` : KEY;
    this.changed = changed;
    this.layout = new Layout();
    this.own = this.read();
    this.written = this.use();
    this.ask();
  }

  /** Browsers that know the layout tell it; the others' is learned from keys. */
  async ask() {
    try {
      const browser = /** @type {KeyboardTeller | undefined} */ (globalThis.navigator);
      const map = await browser?.keyboard?.getLayoutMap();
      if (!map || this.layout.typed.size) return;
      this.layout = new Layout(map);
      this.refresh();
    } catch {
      // Not allowed in this frame: learned from keys.
    }
  }

  /** @param {KeyPress} event */
  learn(event) {
    if (this.layout.learn(event)) this.refresh();
  }

  /** @returns {OwnKeys} */
  read() {
    try {
      return readOwnKeys(JSON.parse(this.store?.getItem(this.key) ?? "{}"));
    } catch {
      return {};
    }
  }

  /**
   * The reader's keys from now on; {} for those of the table.
   * @param {OwnKeys} own
   */
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

  /** @returns {Tooltips} */
  use() {
    useKeys(this.own, (name) => labelOf(name, this.layout));
    return new Map(ACTIONS.map((action) => [action, tooltip(action)]));
  }

  refresh() {
    const before = this.written;
    this.written = this.use();
    this.changed(before);
  }
}

/**
 * Writes the keys anew on what shows them: tooltips that were `before`, and `kbd` with data-key.
 * @param {Workspace} workspace
 * @param {Tooltips} before
 */
export function rewriteKeys({ root, help }, before) {
  help.update();
  const buttons = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-action]"));
  for (const element of buttons) {
    const action = element.dataset.action ?? "";
    const old = before.get(action);
    for (const name of ["title", "aria-label"]) {
      if (old !== undefined && element.getAttribute(name) === old)
        element.setAttribute(name, tooltip(action));
    }
  }
  const keys = /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-key]"));
  for (const element of keys) element.textContent = shortKey(element.dataset.key ?? "");
}

/**
 * The first key of an action, as short as a button has room for.
 * @param {string} action
 */
export function shortKey(action) {
  if (!keysOf(action).length) return "";
  const [first] = labelsOf(action);
  return first === "Space" ? "space" : first.replace("Shift+", "⇧");
}
