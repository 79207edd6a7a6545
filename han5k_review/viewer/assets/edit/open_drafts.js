// @ts-check
// An edit of one's own that was in hand when its page closed or died: it is offered back by key when the case
// opens, and when its structure is edited while the lease still runs. Another tab of this browser that has
// it in hand says so; then nothing is offered when the case opens.

import { STAY } from "../panels/question.js";
import { dayAndTime } from "./structure_states.js";

/** @import { DraftState } from "./drafts.js" */
/** @import { DraftSession } from "./session.js" */

const CHANNEL = "han5k-review.drafts";
const ANSWER_MS = 250;

/** Asks other tabs of this browser which drafts they have in hand, and answers them. */
export class OpenDrafts {
  /** @param {DraftSession} session */
  constructor(session) {
    this.session = session;
    this.channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
    /** @type {Set<string>} drafts that another tab has said to hold */
    this.elsewhere = new Set();
    this.channel?.addEventListener("message", ({ data }) => this.hear(data));
  }

  /** @param {{ ask?: string, held?: string }} said */
  hear({ ask, held }) {
    if (held) this.elsewhere.add(held);
    const isHere = ask && ask === this.session.url && this.session.state === "open";
    if (isHere) this.channel?.postMessage({ held: ask });
  }

  /**
   * Has another tab of this browser the draft in hand?
   * @param {string} url
   * @returns {Promise<boolean>}
   */
  isElsewhere(url) {
    this.channel?.postMessage({ ask: url });
    return new Promise((resolve) => setTimeout(() => resolve(this.elsewhere.has(url)), ANSWER_MS));
  }

  close() {
    this.channel?.close();
  }
}

/**
 * Open drafts with a change that were left in hand (whose lease has a time), or whose strokes waited in this
 * browser; the one changed last comes first.
 * @param {DraftState[]} drafts
 * @param {(draft: DraftState) => boolean} hadStrokes
 */
export function listLeft(drafts, hadStrokes) {
  return drafts
    .filter((draft) => {
      const isLeased = draft.lease.until_utc !== null && !draft.lease.mine;
      return hadStrokes(draft) || (draft.version > 0 && isLeased);
    })
    .sort((one, other) => other.changed_at_utc.localeCompare(one.changed_at_utc));
}

/**
 * Offers the edit that was left last.
 * @param {import("../workspace.js").Workspace} workspace
 */
export async function offerLeft(workspace) {
  const { editor, openDrafts, question, data } = workspace;
  if (editor.readOnly || data.start_editing) return;
  await editor.states.asked;
  const { session } = editor;
  /** @param {DraftState} draft */
  const hadStrokes = ({ structure }) => session.left.has(session.drafts.urlOf(structure));
  const [left] = listLeft([...editor.states.open.values()], hadStrokes);
  if (!left || (await openDrafts.isElsewhere(session.drafts.urlOf(left.structure)))) return;
  if (workspace.closed || editor.active || question.open) return;
  const words = `Your edit of ${left.structure} was left open, last changed on ${dayAndTime(left.changed_at_utc)}.`;
  const answers = [
    { id: "resume", key: "Enter", words: "Go on with it", loud: true },
    { id: STAY, key: "Escape", words: "Later" },
  ];
  const chosen = await question.ask(words, answers, "offer");
  if (chosen === "resume") workspace.actions.choose(left.structure, () => editor.enter(true));
}

/**
 * Into the draft of the chosen structure. The server keeps it for the tab that had it last, which may be
 * gone: who meets an own edit in another tab or browser takes it over by one key.
 * @param {import("../workspace.js").Workspace} workspace
 */
export async function enterOrTakeOver({ actions, editor, question }) {
  const { session, states } = editor;
  await editor.enter();
  if (session.state !== "held" || session.name === null) return;
  await states.refresh();
  const own = states.open.get(session.name);
  if (session.state !== "held" || !own?.lease.holder || question.open) return;
  const words = `Your edit of ${own.structure} is in hand in another tab or browser of yours, last changed on ${dayAndTime(own.changed_at_utc)}.`;
  const answers = [
    { id: "take-over", key: "Enter", words: "Go on with it here", loud: true },
    { id: STAY, key: "Escape", words: "Leave it there" },
  ];
  if ((await question.ask(words, answers, "offer")) === "take-over") actions["take-over"]?.();
}
