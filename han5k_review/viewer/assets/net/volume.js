// @ts-check
// A CT in the browser: slabs fetched nearest first, checked by hash, read voxel by voxel.

import { slabOf, slabOrder, valueAt } from "../pure/slabs.js";
import { patiently } from "./requests.js";

/** @import { Triple } from "../pure/geometry.js" */

/**
 * A slab as the index names it.
 * @typedef {{ first: number, slices: number, sha256: string, url: string }} SlabEntry
 */

/**
 * The index of a CT, as docs/transport.md has it.
 * @typedef {object} VolumeIndex
 * @property {Triple} shape
 * @property {Triple} spacing_mm
 * @property {number[][]} affine_ras
 * @property {SlabEntry[]} slabs
 * @property {boolean} oblique
 */

/** @typedef {"missing" | "loading" | "ready" | "failed" | "damaged"} SlabState */
/** @typedef {SlabEntry & { bytes: Uint8Array | null, state: SlabState, reason?: string }} Slab */
/** @typedef {{ network: (lost: boolean) => void, expired: (out: boolean) => void }} Signals */

const AT_ONCE = 3;

/** @param {Uint8Array<ArrayBuffer>} bytes */
export async function sha256Hex(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The body as it comes, piece by piece: put together in one go, 4 MB hold the main thread for 40 to
 * 60 ms. A body of another length than `length` comes back shorter, and is then not whole.
 * @param {Response} response
 * @param {number} length
 */
async function readBytes(response, length) {
  const bytes = new Uint8Array(length);
  let at = 0;
  if (!response.body) return bytes.subarray(0, 0);
  for (const reader = response.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return bytes.subarray(0, at);
    if (at + value.length > length) {
      reader.cancel();
      return bytes.subarray(0, 0);
    }
    bytes.set(value, at);
    at += value.length;
  }
}

/** Emits "slab" (detail: first, slices) and "progress" through `tell(kind, detail)`. */
export class Volume {
  /**
   * @param {VolumeIndex} index
   * @param {(kind: "slab", slab: Slab) => void} tell
   * @param {Signals} signals
   */
  constructor(index, tell, signals) {
    this.index = index;
    this.shape = index.shape;
    this.spacing = index.spacing_mm;
    this.affine = index.affine_ras;
    /** @type {Slab[]} */
    this.slabs = index.slabs.map((slab) => ({ ...slab, bytes: null, state: "missing" }));
    this.tell = tell;
    this.signals = signals;
    /** @type {number | null} */
    this.wanted = null;
    this.inFlight = 0;
    this.limit = AT_ONCE;
    this.closing = new AbortController();
  }

  /**
   * Load everything, the slab of slice `k` first. Called again it only changes the order.
   * @param {number} k
   */
  want(k, limit = AT_ONCE) {
    this.wanted = k;
    this.limit = limit;
    this.pump();
  }

  pump() {
    // The first slice waits for its own slab only: on a thin line two more would triple its time.
    const limit = this.slabs.some((slab) => slab.bytes) ? this.limit : 1;
    while (this.wanted !== null && this.inFlight < limit && !this.closing.signal.aborted) {
      const [next] = slabOrder(this.slabs, this.wanted, (n) => this.slabs[n].state === "missing");
      if (next === undefined) return;
      this.load(this.slabs[next]);
    }
  }

  /** @param {Slab} slab */
  async load(slab) {
    slab.state = "loading";
    this.inFlight++;
    try {
      await this.fetchSlab(slab);
    } catch (error) {
      if (this.closing.signal.aborted) return;
      slab.state = "failed";
      slab.reason = error instanceof Error ? error.message : String(error);
    } finally {
      this.inFlight--;
    }
    this.tell("slab", slab);
    this.pump();
  }

  /** @param {Slab} slab */
  async fetchSlab(slab) {
    const length = this.shape[0] * this.shape[1] * slab.slices * 2;
    /** @param {Response} response */
    const read = (response) => readBytes(response, length);
    for (const cache of /** @type {RequestCache[]} */ (["default", "reload"])) {
      const bytes = await patiently(slab.url, read, {
        signal: this.closing.signal,
        cache,
        priority: this.limit < AT_ONCE ? "low" : "auto",
        ...this.signals,
      });
      const whole = bytes.length === length;
      if (whole && (!globalThis.crypto?.subtle || (await sha256Hex(bytes)) === slab.sha256)) {
        slab.bytes = bytes;
        slab.state = "ready";
        return;
      }
    }
    slab.state = "damaged";
    slab.reason = "The bytes of these slices do not match their hash, so they are not shown.";
  }

  /** Try damaged and failed slabs once more. */
  retry() {
    for (const slab of this.slabs) {
      if (slab.state === "failed" || slab.state === "damaged") slab.state = "missing";
    }
    this.pump();
  }

  /** @param {number} k */
  slabAt(k) {
    return this.slabs[slabOf(this.slabs, k)];
  }

  /**
   * HU at a voxel, or null where nothing is loaded.
   * @param {number} i
   * @param {number} j
   * @param {number} k
   */
  hu(i, j, k) {
    const slab = this.slabAt(k);
    if (!slab.bytes) return null;
    const [ni, nj] = this.shape;
    return valueAt(slab.bytes, ((k - slab.first) * nj + j) * ni + i);
  }

  /**
   * HU of an axial slice, row by row; null while it is not loaded.
   * @param {number} k
   */
  sliceHu(k) {
    const { bytes, first } = this.slabAt(k);
    if (!bytes) return null;
    const count = this.shape[0] * this.shape[1];
    const from = (k - first) * count;
    const hu = new Int16Array(count);
    for (let n = 0; n < count; n++) hu[n] = valueAt(bytes, from + n);
    return hu;
  }

  progress() {
    /** @param {SlabState} state */
    const count = (state) => this.slabs.filter((slab) => slab.state === state).length;
    return {
      total: this.slabs.length,
      ready: count("ready"),
      damaged: count("damaged") + count("failed"),
      waiting: count("missing") + count("loading"),
    };
  }

  close() {
    this.closing.abort();
    for (const slab of this.slabs) slab.bytes = null;
  }
}
