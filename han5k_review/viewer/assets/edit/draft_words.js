// @ts-check
// What the edit panel says of a draft and of the strokes on their way.

/** @import { DraftSession } from "./session.js" */

/**
 * Where the strokes are; `at` when they were last stored.
 * @typedef {"idle" | "saving" | "saved" | "waiting" | "expired" | "foreign" | "refused"} SaveState
 * @typedef {{ state: SaveState, at: Date | null, sentence: string }} Save
 */

import { messageOf } from "../net/requests.js";
import { sayCount } from "../pure/counts.js";

const NO_CONNECTION = "There is no connection to the server: editing can begin when it is back.";

/**
 * Why a draft cannot be edited now; fetch throws a TypeError when the network is gone.
 * @param {unknown} error
 */
export const sayFailure = (error) => (error instanceof TypeError ? NO_CONNECTION : messageOf(error));

/**
 * Why a draft whose strokes are not saved can be neither opened nor submitted now.
 * @param {{ word: string, sentence: string }} saying
 */
export const sayStuck = ({ word, sentence }) => (sentence ? `${sentence} Then try again.` : word);

/**
 * { word, tone, sentence } of a draft session of which `waiting` strokes are not journalled yet.
 * @param {Pick<DraftSession, "save" | "state" | "submitting">} session
 * @param {number} waiting
 */
export function sayDraft(session, waiting) {
  const { state, at, sentence } = session.save;
  if (state === "expired")
    return {
      word: `signed out (${waiting} kept)`,
      tone: "bad",
      sentence: "Sign in again; the strokes are kept in this browser.",
    };
  if (state === "waiting")
    return {
      word: `waiting for the network (${waiting})`,
      tone: "warn",
      sentence: "Strokes are kept in this browser and sent in order when the network returns.",
    };
  if (state === "foreign") return { word: "not yours", tone: "bad", sentence };
  if (session.state === "held") return { word: "held by another tab or reader", tone: "warn", sentence };
  if (session.state === "opening") return { word: "opening", tone: "", sentence: "" };
  if (session.submitting) return { word: "submitting", tone: "", sentence: "" };
  if (state === "refused") return { word: "not saved", tone: "bad", sentence };
  if (waiting || state === "saving") return { word: "saving", tone: "", sentence: "" };
  return {
    word: at ? `saved ${at.toLocaleTimeString([], { hour12: false })}` : "all saved",
    tone: "",
    sentence: "",
  };
}

/**
 * @param {string} name
 * @param {{ vrd: number | null, slices_edited: number }} answer
 */
export function saySubmitted(name, { vrd, slices_edited }) {
  const share = vrd === null ? "" : `, VRD ${(100 * vrd).toFixed(1)} %`;
  return `Revision of ${name} submitted${share}, ${sayCount(slices_edited, "slice")} edited.`;
}

/**
 * `23.4 cc   Dice 0.912   VRD 8.1 %`; of a contour drawn from nothing the volume alone.
 * @param {{ volumeCc: number, dice: number | null, vrd: number | null }} figures
 */
export function sayFigures({ volumeCc, dice, vrd }, fromNothing = false) {
  const volume = `${volumeCc.toFixed(volumeCc < 10 ? 2 : 1)} cc`;
  if (fromNothing) return volume;
  const overlap = dice === null ? "-" : dice.toFixed(3);
  return `${volume}   Dice ${overlap}   VRD ${vrd === null ? "-" : `${(100 * vrd).toFixed(1)} %`}`;
}

/**
 * The words of the one button that begins and leaves an edit.
 * @typedef {{ manual: boolean, active: boolean, busy: boolean, isDrawn: boolean }} EnterState
 * @param {EnterState & { lock: string, isOpen: boolean }} now
 */
export function sayEnter({ manual, active, busy, lock, isDrawn, isOpen }) {
  if (busy) return `${active ? "Leave" : "Cancel"} ${manual ? "drawing" : "editing"}`;
  if (lock) return "Locked";
  if (isOpen) return manual ? "Go on drawing" : "Go on with your edit";
  if (!manual) return "Edit this structure";
  return isDrawn ? "Edit what you drew" : "Draw it from nothing";
}
