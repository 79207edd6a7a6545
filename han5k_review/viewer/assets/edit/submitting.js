// @ts-check
// The two ends of a draft: submitted as a revision, once all its strokes are journalled, or discarded.

import { messageOf } from "../net/requests.js";
import { newId } from "./drafts.js";

/** @import { DraftSession } from "./session.js" */

/**
 * The check of the draft as it is now against its grade, or null: then `saying()` tells why.
 * @param {DraftSession} session
 */
export async function checkDraft(session) {
  const { url } = session;
  if (url === null) return null;
  session.submitting = true;
  session.tell();
  try {
    await session.drained(url);
    return await session.drafts.check(url);
  } catch (error) {
    session.save = { ...session.save, state: "refused", sentence: messageOf(error) };
    return null;
  } finally {
    session.submitting = false;
    session.tell();
  }
}

/**
 * { revision, vrd, grade, ... }, or null: then the session's `saying()` tells why.
 * @param {DraftSession} session
 * @param {boolean} confirmed
 * @param {object | null} grade
 */
export async function submitDraft(session, confirmed, grade = null) {
  const { url, draft } = session;
  if (url === null) return null;
  session.submitting = true;
  session.tell();
  try {
    await session.drained(url);
    // The same question again after a lost answer is the same request.
    const code = grade && "code" in grade ? grade.code : "";
    const asked = `${draft}|${session.version}|${confirmed}|${code}`;
    if (session.asked?.of !== asked) session.asked = { of: asked, id: newId() };
    const body = {
      request_id: session.asked.id,
      draft,
      version: session.version,
      active_seconds: 0,
      confirmed,
      grade,
    };
    return await session.drafts.submit(url, body);
  } catch (error) {
    session.save = { ...session.save, state: "refused", sentence: messageOf(error) };
    return null;
  } finally {
    session.submitting = false;
    session.tell();
  }
}

/**
 * Closes the draft for good; false when that was not possible.
 * @param {DraftSession} session
 */
export async function discardDraft(session) {
  const { url, draft } = session;
  if (url === null) return false;
  session.queue.stopped.add(url);
  try {
    await session.drafts.discard(url, draft);
    session.queue.waiting.remove(session.queue.entries(url));
    session.queue.stopped.delete(url);
    return true;
  } catch (error) {
    session.queue.resume(url);
    session.save = { ...session.save, state: "refused", sentence: messageOf(error) };
    return false;
  }
}
