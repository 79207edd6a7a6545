// @ts-check
// What the header and the grade panel say of grades on their way.

import { statusOf } from "./net/requests.js";

/**
 * @typedef {{ state: string, sentence: string, at?: Date | null }} Save what is said of grades on their way
 * @typedef {{ structure: string, detail?: unknown, isPending?: boolean }} News
 */

/**
 * News of the queue -> the state that is said.
 * @type {Record<string, string>}
 */
const SAVE_STATES = {
  stored: "saved",
  sending: "saving",
  waiting: "waiting",
  expired: "expired",
  foreign: "foreign",
  aside: "refused",
  withdrawn: "saved",
};

/**
 * What is said after news of the queue about the grade of a structure; `isPending`: others are on their way.
 * @param {Save} save what was said before
 * @param {string} kind
 * @param {News} news
 * @returns {Save}
 */
export function heard(save, kind, { structure, detail, isPending }) {
  const at = kind === "stored" ? new Date() : save.at;
  const isStuck = kind === "sending" && ["waiting", "expired"].includes(save.state);
  if (isStuck || (kind === "stored" && isPending)) return { ...save, at };
  const isAnswered = detail instanceof Error && (kind !== "waiting" || statusOf(detail) !== null);
  const sentence = isAnswered && kind !== "withdrawn" ? detail.message : "";
  return {
    at,
    state: SAVE_STATES[kind],
    sentence: kind === "aside" ? `${structure}: ${sentence}` : sentence,
  };
}

/**
 * { word, tone, sentence } of what was stored or not, while `waiting` grades are in the queue.
 * @param {Save} save
 * @param {number} waiting
 */
export function sayGrades(save, waiting) {
  const { state, at, sentence } = save;
  const clock = at?.toLocaleTimeString([], { hour12: false });
  if (state === "waiting")
    return {
      word: `waiting for the ${sentence ? "server" : "network"} (${waiting})`,
      tone: "warn",
      sentence: sentence
        ? `${sentence} It is kept in this browser and sent again.`
        : "Grades are kept in this browser and sent when the network returns.",
    };
  if (state === "expired")
    return {
      word: `signed out (${waiting} kept)`,
      tone: "bad",
      sentence: "Sign in again; nothing is lost.",
    };
  if (state === "foreign") return { word: `kept for another account (${waiting})`, tone: "warn", sentence };
  if (state === "refused") return { word: "not saved", tone: "bad", sentence };
  if (state === "saving") return { word: "saving", tone: "", sentence: "" };
  return { word: clock ? `saved ${clock}` : "all saved", tone: "", sentence: "" };
}
