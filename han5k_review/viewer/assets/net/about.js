// @ts-check
// What is kept beside every act that waits in this browser: whose it is, and where it was made.

/** @import { ViewerPayload } from "../pure/payload.js" */
/** @typedef {{ case: string, page: string, account: string | null }} About */

/**
 * { case, page, account } of the case on this page; `account` names nobody.
 * @param {ViewerPayload} data
 * @returns {About}
 */
export function aboutCase(data) {
  const page = globalThis.location ? `${location.pathname}${location.search}` : "";
  return { case: data.case, page, account: data.account ?? null };
}
