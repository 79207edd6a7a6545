// @ts-check
// HTTP as the viewer needs it: patient with a lost network, clear about everything else.

export class SessionExpired extends Error {}

/** The server answered with an error: `status`, its one sentence, and what else it said (`reason`, ...). */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} sentence
   * @param {Record<string, any>} detail
   */
  constructor(status, sentence, detail = {}) {
    super(sentence);
    this.status = status;
    this.detail = detail;
  }
}

const PAUSES_MS = [400, 1000, 2000, 4000, 8000];

/**
 * @param {number} ms
 * @param {AbortSignal | null} [signal]
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/**
 * One try. Throws SessionExpired, Refused, or what fetch throws when the network is gone.
 * @param {string} url
 * @param {RequestInit} options
 */
export async function request(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  if (response.ok) return response;
  if (response.status === 401) throw new SessionExpired("Signed out: sign in again to go on.");
  /** @type {Record<string, any>} */
  let detail = {};
  try {
    detail = await response.json();
  } catch {
    // Not our server's JSON (a proxy in between): the status says enough.
  }
  throw new Refused(response.status, detail.error ?? `The server answered ${response.status}.`, detail);
}

/**
 * May the same request succeed a moment later?
 * @param {unknown} error
 */
export function isPassing(error) {
  if (error instanceof SessionExpired || (error instanceof Error && error.name === "AbortError"))
    return false;
  return !(error instanceof Refused) || error.status >= 502 || error.status === 429;
}

/**
 * Reads `url` through `read(response)`, again and again while the network is gone. `network(lost)`
 * is told when it goes and when it returns. A sign-in in between is waited for too.
 * @template Body
 * @param {string} url
 * @param {(response: Response) => Promise<Body>} read
 * @param {RequestInit & { network?: (lost: boolean) => void, expired?: (out: boolean) => void }} options
 * @returns {Promise<Body>}
 */
export async function patiently(url, read, { signal, network, expired, ...options } = {}) {
  for (let turn = 0; ; turn++) {
    try {
      const body = await read(await request(url, { signal, ...options }));
      if (turn > 0) {
        network?.(false);
        expired?.(false);
      }
      return body;
    } catch (error) {
      if (signal?.aborted) throw error;
      if (error instanceof SessionExpired) expired?.(true);
      else if (isPassing(error)) network?.(true);
      else throw error;
      await pause(PAUSES_MS[Math.min(turn, PAUSES_MS.length - 1)], signal);
    }
  }
}
