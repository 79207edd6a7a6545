// Asks a worker for the largest surface error; one question at a time, a newer one ends the older.

let asked = null;

const plain = ({ start, shape, bits }) => ({ start, shape, bits: bits.slice() });

/** Promise of { mm, ijk } or null; null too when another question came first. */
export function askLargestSurfaceError(one, other, spacing) {
  asked?.stop();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./surface_worker.js", import.meta.url), { type: "module" });
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
