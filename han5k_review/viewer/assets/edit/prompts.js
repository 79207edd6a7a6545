// @ts-check
// Prompts for the hospital's server: what is asked of it, and what becomes of its answer, which is one
// step.

import { messageOf, reasonOf } from "../net/requests.js";
import { isHeld } from "./drafts.js";
import { decodeChange } from "./patches.js";
import { isPrompt, KINDS, kindOf, PromptStroke, sayHow } from "./prompt_strokes.js";
import { SAY } from "./smart_jobs.js";

/** @import { PlaneView } from "../draw/plane_view.js" */
/** @import { Triple } from "../pure/geometry.js" */
/** @import { PromptAnswer, PromptState } from "./drafts.js" */
/** @import { Editor } from "./editor.js" */
/** @import { Prompt, PromptKind } from "./prompt_strokes.js" */
/** @typedef {ReturnType<Prompts["start"]>} Asking what is asked, since when */

/** A question that takes longer is said. */
const SAID_MS = 300;
const TICK_MS = 1000;
/** @type {PromptState} */
const NONE = { available: false, why: null, licence: null, server: null };
const NOT_SET = "No server for prompts is set up here.";
const NO_CONNECTION =
  "There is no connection to the server, so nothing was changed: try again when it is back.";

export class Prompts {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.allowed = editor.data.assistance;
    this.state = NONE;
    /** @type {PromptKind} */
    this.kind = "point";
    /** The left button draws what does not belong to the structure. */
    this.isOutside = false;
    /** @type {Asking | null} */
    this.asking = null;
    /** @type {Set<number>} drafts of which a prompt was asked here */
    this.asked = new Set();
    /** @type {string | null} the draft whose place at the server may be held */
    this.used = null;
    /** @type {Promise<unknown>} the last giving back; a prompt must not overtake it */
    this.ended = Promise.resolve();
  }

  // -- the tool ----------------------------------------------------------------------------------

  /** Asks whether prompts can be used with the draft in hand. */
  async refresh() {
    const { session } = this.editor;
    const { url } = session;
    if (!this.allowed || url === null) return;
    const state = await session.drafts.promptState(url).catch(() => this.state);
    if (session.url !== url) return;
    this.state = state;
    if (!state.available && isPrompt(this.editor.options.tool)) this.editor.set({ tool: "brush" });
    this.editor.tell("edit");
  }

  /**
   * A prompt in hand: this kind, else the last one, else the next.
   * @param {PromptKind} [kind]
   */
  async take(kind) {
    const { editor } = this;
    if (!this.allowed) return this.say(SAY.forbidden);
    const { url } = editor.session;
    if (!this.state.available) await this.refresh();
    if (!editor.active || editor.session.url !== url) return;
    if (!this.state.available) return this.say(this.state.why ?? NOT_SET);
    const now = kindOf(editor.options.tool);
    this.kind = kind ?? (now ? KINDS[(KINDS.indexOf(now) + 1) % KINDS.length] : this.kind);
    editor.set({ tool: `prompt-${this.kind}` });
    const first = this.asked.has(editor.session.draft) ? "" : ` The CT goes to ${this.where}.`;
    this.say(sayHow(this.kind, this.isOutside) + first);
  }

  /** @param {boolean} isOutside */
  choose(isOutside) {
    this.isOutside = isOutside;
    this.say(sayHow(this.kind, this.isOutside));
  }

  /**
   * A prompt begins; the right button draws the other kind.
   * @param {PlaneView} view
   * @param {boolean} isRight
   */
  begin({ plane, index }, isRight) {
    const { mask } = this.editor;
    if (!mask) throw new Error("A contour in hand was expected while drawing.");
    return new PromptStroke(mask, plane, index, {
      kind: this.kind,
      include: isRight === this.isOutside,
    });
  }

  /** Where the CT goes with the first prompt of a draft. */
  get where() {
    const { server } = this.state;
    return server ? `the hospital's server (${server})` : "the hospital's server";
  }

  /** @param {string} sentence */
  say(sentence) {
    this.editor.notice = sentence;
    this.editor.tell("edit");
  }

  // -- one question ------------------------------------------------------------------------------

  /** @param {PromptStroke} stroke */
  async ask(stroke) {
    const { editor } = this;
    const { session } = editor;
    const mask = editor.free;
    const { url, draft } = session;
    if (!mask || url === null) return;
    const prompt = stroke.build();
    if (typeof prompt === "string") return this.say(prompt);
    const asking = this.start(url, draft);
    const { mark, colour } = { mark: stroke.mark(prompt), colour: stroke.colour };
    editor.smart.marks.showPrompt({ mask: mark, colour, line: "solid" });
    const later = setTimeout(() => editor.tell("edit"), SAID_MS);
    const ticks = setInterval(() => editor.tell("edit"), TICK_MS);
    try {
      const answer = await this.send(asking, prompt, draft);
      if (this.asking !== asking || !answer) return;
      this.end("");
      if (editor.ready && editor.mask === mask) this.finish(answer, prompt.kind, mask.grid);
    } catch (error) {
      if (this.asking !== asking) return;
      this.end(error instanceof TypeError ? NO_CONNECTION : messageOf(error));
      if (isHeld(error) || reasonOf(error) === "locked") session.fail(error);
      editor.tell("edit");
    } finally {
      clearTimeout(later);
      clearInterval(ticks);
    }
  }

  /**
   * @param {string} url
   * @param {number} draft
   */
  start(url, draft) {
    const isFirst = !this.asked.has(draft);
    const asking = { url, since: performance.now(), isFirst, isSent: false, abort: new AbortController() };
    this.asking = asking;
    this.say("");
    return asking;
  }

  /**
   * The strokes drawn before go first: the server begins with the contour that is seen here. Null when it
   * was stopped meanwhile.
   * @param {Asking} asking
   * @param {Prompt} prompt
   * @param {number} draft
   */
  async send(asking, prompt, draft) {
    const { session } = this.editor;
    await this.ended;
    try {
      await session.drained(asking.url);
    } catch (error) {
      throw new Error(`What was drawn before is not saved (${messageOf(error)}), so nothing was asked.`);
    }
    if (this.asking !== asking) return null;
    asking.isSent = true;
    this.asked.add(draft);
    this.used = asking.url;
    const body = { draft, version: session.version, ...prompt };
    return session.drafts.prompt(asking.url, body, asking.abort.signal);
  }

  /**
   * The answer becomes a step.
   * @param {PromptAnswer} answer
   * @param {PromptKind} kind
   * @param {Triple} grid
   */
  finish(answer, kind, grid) {
    const { editor } = this;
    const isFitting = answer.start.every(
      (from, axis) => from >= 0 && answer.shape[axis] >= 0 && from + answer.shape[axis] <= grid[axis],
    );
    if (answer.mode !== "xor" || !isFitting)
      return this.say("The server's answer does not fit this CT: nothing was changed.");
    const change = decodeChange(answer, grid);
    if (!change.length) return this.say("The server changed nothing here.");
    editor.mask?.applyChange(change);
    editor.keep(change, `prompt-${kind}`, null);
  }

  // -- ends --------------------------------------------------------------------------------------

  /** @param {string} sentence */
  end(sentence) {
    this.asking = null;
    this.editor.smart.marks.showPrompt(null);
    this.say(sentence);
  }

  /** Escape: what is asked is stopped; true when there was something. */
  cancel() {
    const { asking } = this;
    if (!asking) return false;
    asking.abort.abort();
    this.end("Stopped: nothing was changed.");
    if (asking.isSent) this.giveBack(asking.url);
    return true;
  }

  /** The contour in hand is another one, or none. */
  drop() {
    const { asking } = this;
    asking?.abort.abort();
    this.asking = null;
    if (asking?.isSent) this.giveBack(asking.url);
    this.editor.smart.marks.showPrompt(null);
  }

  /** Editing is left: the place at the server is given back. */
  leave() {
    this.drop();
    if (this.used !== null) this.giveBack(this.used);
  }

  /** @param {string} url */
  giveBack(url) {
    this.used = null;
    this.ended = this.editor.session.drafts.endPrompts(url);
  }

  /** What is asked: { sentence, seconds } once it takes so long that it is said; else null. */
  saying() {
    const { asking } = this;
    if (!asking) return null;
    const ms = performance.now() - asking.since;
    if (ms < SAID_MS - 1 && !asking.isFirst) return null;
    const what = asking.isFirst ? "Sending the CT to" : "Asking";
    const sentence = `${what} ${this.where} ... Escape stops it.`;
    return { sentence, seconds: Math.floor(ms / 1000) };
  }
}
