// @ts-check
// Asks a worker for the largest surface error; one question at a time, a newer one ends the older.

/** @import { Triple } from "../pure/geometry.js" */
/** @import { Mask } from "../pure/masks.js" */
/** @import { largestSurfaceError } from "../pure/surface.js" */

/** @type {{ stop: (answer?: any) => void } | null} */
let asked = null;

/** @param {Mask} mask */
const plain = ({ start, shape, bits }) => ({ start, shape, bits: bits.slice() });

/**
 * Promise of { mm, ijk } or null; null too when another question came first.
 * @param {Mask} one
 * @param {Mask} other
 * @param {Triple} spacing
 * @returns {Promise<ReturnType<typeof largestSurfaceError>>}
 */
export function askLargestSurfaceError(one, other, spacing) {
  asked?.stop();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./surface_worker.js", import.meta.url), { type: "module" });
    /** @type {(answer?: ReturnType<typeof largestSurfaceError>) => void} */
    const stop = (answer = null) => {
      worker.terminate();
      asked = null;
      resolve(answer);
    };
    asked = { stop };
    worker.onmessage = ({ data }) => stop(data);
    worker.onerror = (event) => {
      worker.terminate();
      asked = null;
      reject(new Error(event.message || "The surface distance could not be computed."));
    };
    worker.postMessage({ one: plain(one), other: plain(other), spacing });
  });
}
