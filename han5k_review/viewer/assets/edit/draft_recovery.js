// @ts-check
// Strokes that an earlier visit left in this browser.

/** @import { DraftSession } from "./session.js" */

/**
 * Sends them now, for every draft of the session's assignment, whichever structure is chosen.
 * @param {DraftSession} session
 */
export async function recoverStrokes(session) {
  const waiting = new Map(
    session.queue
      .entries()
      .filter(({ url }) => url.startsWith(`${session.drafts.base}/`))
      .map((entry) => [entry.url, entry.draft]),
  );
  for (const url of waiting.keys()) session.left.add(url);
  for (const [url, draft] of waiting) {
    session.queue.stopped.add(url);
    try {
      const opened = await session.drafts.open(url, false);
      if (opened.draft !== draft || session.url === url) continue;
      await session.queue.resume(url);
      await session.drained(url);
      if (session.url !== url) session.drafts.release(url, draft, opened.place, true);
    } catch {
      // It stays in this browser and is asked for again when the structure is edited.
    }
  }
  session.tell();
}
