// @ts-check
// The draft routes of docs/transport.md for one assignment, spoken by one tab.

import { reasonOf, request } from "../net/requests.js";
import { parseMasks } from "../pure/masks.js";

/** @import { PlaneName, Triple } from "../pure/geometry.js" */
/** @import { Prompt } from "./prompt_strokes.js" */
/** @typedef {{ plane: PlaneName, at: Triple, field?: number }} DraftPlace Where the reader draws; `field`: mm seen. */
/**
 * A stroke as the journal has it.
 * @typedef {{ version: number, tool: string, mode: string, start: Triple, shape: Triple, runs: string }}
 *   DraftStep
 */

/**
 * The state of a draft and its lock, as docs/transport.md has them.
 * @typedef {object} DraftState
 * @property {string} structure
 * @property {number} draft
 * @property {number} version
 * @property {string} changed_at_utc
 * @property {number} base_label_version
 * @property {DraftPlace | null} place
 * @property {{ mine: boolean, holder: string | null, until_utc: string | null }} lease
 *
 * @typedef {{ structure: string, locked: boolean, at_utc: string | null, reason: string | null }} LockState
 */

/**
 * Prompts of a structure at the hospital's server (docs/transport.md); no `server`: none is set, or none may be used.
 * @typedef {object} PromptState
 * @property {boolean} available
 * @property {string | null} why
 * @property {string | null} licence
 * @property {string | null} server
 *
 * @typedef {{ start: Triple, shape: Triple, runs: string, mode: "xor", licence: string, seconds: number }} PromptAnswer
 */

export const newId = () =>
  globalThis.crypto?.randomUUID?.() ??
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );

/**
 * Was it refused because somebody else, or another tab, holds the lease?
 * @param {unknown} error
 */
export const isHeld = (error) => ["lease_held", "lease_lost"].includes(reasonOf(error) ?? "");

export class Drafts {
  /**
   * `base`: the address of the drafts of this reader's case.
   * @param {string} base
   */
  constructor(base) {
    this.base = base;
    this.holder = newId();
  }

  /** @param {string} structure */
  urlOf(structure) {
    return `${this.base}/${encodeURIComponent(structure)}`;
  }

  /**
   * @param {string} url
   * @param {object} body
   * @param {RequestInit} options
   */
  async say(url, body, options = {}) {
    const response = await request(url, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ holder: this.holder, ...body }),
      ...options,
    });
    return response.status === 204 ? null : response.json();
  }

  /**
   * Draft states and locks of this reader's case.
   * @returns {Promise<{ drafts: DraftState[], locks: LockState[] }>}
   */
  async list() {
    return (await request(this.base, { headers: { "Draft-Holder": this.holder } })).json();
  }

  /**
   * `base`: the label version a new draft starts from; null for the contour under review.
   * @param {string} url
   * @param {boolean} takeOver
   * @param {number | null} base
   * @returns {Promise<DraftState>}
   */
  open(url, takeOver, base = null) {
    return this.say(url, { take_over: takeOver, base });
  }

  /**
   * { version, mask }: the draft as the server has it.
   * @param {string} url
   * @param {string} structure
   */
  async fetchMask(url, structure) {
    const buffer = await (await request(`${url}/mask`, { cache: "no-store" })).arrayBuffer();
    const mask = parseMasks(buffer).get(structure);
    const header = JSON.parse(
      new TextDecoder().decode(new Uint8Array(buffer, 8, new DataView(buffer).getUint32(4, true))),
    );
    return { version: header.version, mask };
  }

  /**
   * @param {string} url
   * @param {number} draft
   * @param {DraftPlace | null} place
   */
  keep(url, draft, place) {
    return this.say(`${url}/lease`, { draft, place });
  }

  /**
   * Gives the lease back, also while the page closes. `isLeft`: the draft was in hand, and is offered when the
   * case is opened again.
   * @param {string} url
   * @param {number} draft
   * @param {DraftPlace | null} place
   */
  release(url, draft, place, isLeft = false) {
    const body = { draft, place, release: true, closing: isLeft };
    return this.say(`${url}/lease`, body, { keepalive: true }).catch(() => {});
  }

  /**
   * The last steps of a draft at this version, oldest first; none when they cannot be had.
   * @param {string} url
   * @param {number} version
   * @returns {Promise<DraftStep[]>}
   */
  async steps(url, version) {
    if (version === 0) return [];
    try {
      const answer = await (await request(`${url}/patches`, { cache: "no-store" })).json();
      return answer.version === version ? answer.patches : [];
    } catch {
      return []; // the contour is whole; only steps back are missing
    }
  }

  /**
   * @param {string} url
   * @returns {Promise<any>}
   */
  async check(url) {
    return (await request(`${url}/check`, { cache: "no-store" })).json();
  }

  /**
   * @param {string} url
   * @param {object} body
   */
  submit(url, body) {
    return this.say(`${url}/submit`, body);
  }

  /**
   * @param {string} url
   * @param {number} draft
   */
  discard(url, draft) {
    return this.say(url, { draft }, { method: "DELETE" });
  }

  // -- prompts -----------------------------------------------------------------------------------

  /**
   * @param {string} url
   * @returns {Promise<PromptState>}
   */
  async promptState(url) {
    return (await request(`${url}/prompts`, { cache: "no-store" })).json();
  }

  /**
   * @param {string} url
   * @param {Prompt & { draft: number, version: number }} body
   * @param {AbortSignal} signal
   * @returns {Promise<PromptAnswer>}
   */
  prompt(url, body, signal) {
    return this.say(`${url}/prompts`, { id: newId(), ...body }, { signal });
  }

  /**
   * What is asked is stopped and the server's place given back; also while the page closes.
   * @param {string} url
   * @returns {Promise<unknown>} when that is done, or cannot be
   */
  endPrompts(url) {
    const to = `${url}/prompts?holder=${encodeURIComponent(this.holder)}`;
    return request(to, { method: "DELETE", keepalive: true }).catch(() => {});
  }
}
