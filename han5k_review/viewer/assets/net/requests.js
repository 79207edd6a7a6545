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

/** How many changes the server has taken from this tab; reading does not count, a cache may answer it. */
export const traffic = { stored: 0 };

/**
 * The status of the answer behind an error; null when none came.
 * @param {unknown} error
 */
export function statusOf(error) {
  if (error instanceof SessionExpired) return 401;
  return error instanceof Refused ? error.status : null;
}

/**
 * What an error says; anything may be thrown.
 * @param {unknown} error
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * Why the server refused, as a code of docs/transport.md; null when it did not say.
 * @param {unknown} error
 * @returns {string | null}
 */
export const reasonOf = (error) => (error instanceof Refused ? (error.detail.reason ?? null) : null);

/**
 * One try. Throws SessionExpired, Refused, or what fetch throws when the network is gone.
 * @param {string} url
 * @param {RequestInit} options
 */
export async function request(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  if (response.ok) {
    const isOurs =
      response.status === 204 || response.headers.get("content-type")?.includes("application/json");
    if (isOurs && options.method && options.method !== "GET") traffic.stored++;
    return response;
  }
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
 * May the same reading succeed a moment later? 500 and 507 say that something is damaged: that stays.
 * @param {unknown} error
 */
export function isPassing(error) {
  if (error instanceof SessionExpired || (error instanceof Error && error.name === "AbortError"))
    return false;
  return !(error instanceof Refused) || [408, 425, 429, 502, 503, 504].includes(error.status);
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
