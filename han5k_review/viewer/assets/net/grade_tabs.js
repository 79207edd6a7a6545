// @ts-check
// Grades of the same read that were given elsewhere: other tabs of this browser tell at once, the
// server knows those of other machines.

import { request } from "./requests.js";

const CHANNEL = "han5k-review.grades";

/** @import { GivenGrade } from "../pure/payload.js" */
/** @typedef {Record<string, GivenGrade & { label_version?: number }>} Grades by structure */

export class GradeTabs {
  /**
   * @param {string | null} url of this read's grades; null where there is nothing to grade
   * @param {(grades: Grades, done: string) => void} hear `done`: the request that was answered so
   */
  constructor(url, hear) {
    this.url = url;
    this.channel = url && globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;
    this.channel?.addEventListener("message", ({ data }) => {
      if (data.url === url) hear({ [data.structure]: data.grade }, data.done);
    });
  }

  /**
   * @param {string} structure
   * @param {GivenGrade} grade
   * @param {string} done the request that was answered with it
   */
  tell(structure, grade, done) {
    this.channel?.postMessage({ url: this.url, structure, grade, done });
  }

  /**
   * The grades in force at the server; null when they cannot be had: then nothing can be written either.
   * @returns {Promise<Grades | null>}
   */
  async fetch() {
    if (!this.url) return null;
    try {
      return (await (await request(this.url, { cache: "no-store" })).json()).grades;
    } catch {
      return null;
    }
  }

  close() {
    this.channel?.close();
  }
}
