// @ts-check
// What a draft session does when its queue tells how strokes fared.

import { sayReason } from "../net/grade_queue.js";
import { messageOf, reasonOf, statusOf } from "../net/requests.js";
import { isAboutStroke } from "./draft_queue.js";
import { isHeld } from "./drafts.js";

/** @import { StrokeNews } from "./draft_queue.js" */
/** @import { DraftSession } from "./session.js" */

const CLOSED = ["locked", "no_draft", "another_draft"];

/**
 * News of the queue; other drafts' troubles are their own.
 * @param {DraftSession} session
 * @param {StrokeNews} kind
 * @param {string} url
 * @param {any} detail
 */
export function hearNews(session, kind, url, detail) {
  if (kind === "stored") stored(session, url, detail);
  else if (kind === "refused") refused(session, url, detail);
  else if (session.url && url !== session.url && kind !== "expired") return;
  else if (!(kind === "sending" && ["waiting", "expired"].includes(session.save.state))) {
    session.save = { ...session.save, state: kind === "sending" ? "saving" : kind, sentence: "" };
  }
  session.tell();
}

/**
 * @param {DraftSession} session
 * @param {string} url
 * @param {{ version: number, voxels: number }} answer
 */
function stored(session, url, answer) {
  const left = session.waiting;
  if (url === session.url) session.saved = answer.version;
  session.save = {
    state: left ? "saving" : "saved",
    at: new Date(),
    sentence: session.save.state === "refused" ? session.save.sentence : "",
  };
  const whole = url === session.url && session.state === "open" && !session.queue.entries(url).length;
  if (whole && answer.version === session.version && answer.voxels !== session.voxels) session.reload();
}

/**
 * @param {DraftSession} session
 * @param {string} url
 * @param {unknown} error
 */
function refused(session, url, error) {
  const isForeign = statusOf(error) === 403;
  const why = isAboutStroke(error) ? sayReason(error) : "";
  if (url !== session.url && !isHeld(error) && !isForeign) {
    session.queue.setAside(session.queue.entries(url), why); // nobody is drawing there now
    session.queue.stopped.delete(url);
    return;
  }
  session.refusal = reasonOf(error);
  session.refusedStroke = why;
  session.save = { ...session.save, state: isForeign ? "foreign" : "refused", sentence: messageOf(error) };
  if (url !== session.url || session.state !== "open") return;
  if (isForeign || isHeld(error) || CLOSED.includes(reasonOf(error) ?? "")) session.fail(error);
  else session.reload();
}
