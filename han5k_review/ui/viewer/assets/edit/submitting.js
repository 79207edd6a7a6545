// Submitting a draft as a revision, once all its strokes are journalled.

import { Refused } from "../net/requests.js";
import { newId } from "./drafts.js";

/** { revision, vrd, ... }, or null: then the session's `question` or `saying()` tells why. */
export async function submitDraft(session, confirmed) {
  const { url, draft } = session;
  Object.assign(session, { question: null, submitting: true });
  session.tell();
  try {
    await session.drained(url);
    // The same question again after a lost answer is the same request.
    const asked = `${draft}|${session.version}|${confirmed}`;
    if (session.asked?.of !== asked) session.asked = { of: asked, id: newId() };
    const body = {
      request_id: session.asked.id,
      draft,
      version: session.version,
      active_seconds: 0,
      confirmed,
    };
    return await session.drafts.submit(url, body);
  } catch (error) {
    if (error instanceof Refused && error.detail.reason === "grade_disagrees")
      session.question = error.detail.check;
    else session.save = { ...session.save, state: "refused", sentence: error.message };
    return null;
  } finally {
    session.submitting = false;
    session.tell();
  }
}
