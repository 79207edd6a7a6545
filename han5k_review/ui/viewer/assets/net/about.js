// What is kept beside every act that waits in this browser: whose it is, and where it was made.

/** { case, page, account } of the case on this page; `account` names nobody. */
export function aboutCase(data) {
  const page = globalThis.location ? `${location.pathname}${location.search}` : "";
  return { case: data.case, page, account: data.account ?? null };
}
