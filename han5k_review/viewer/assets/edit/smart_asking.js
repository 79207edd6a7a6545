// @ts-check
// Asks the worker of the smart tools, one question at a time. It is kept warm from one to the next, and
// ended to stop a question.

/** @import { Triple } from "../pure/geometry.js" */
/** @import { SmartTool } from "./smart_worker.js" */

/**
 * The memory of all arrays of numbers in a job or an answer: it is handed over, not copied.
 * @param {unknown} value
 * @returns {ArrayBuffer[]}
 */
function buffersOf(value) {
  if (ArrayBuffer.isView(value)) return [/** @type {ArrayBuffer} */ (value.buffer)];
  return value && typeof value === "object" ? Object.values(value).flatMap(buffersOf) : [];
}

/** The question was stopped: nothing is to be said of it. */
export class Stopped extends Error {}

export class SmartAsking {
  constructor() {
    /** @type {Worker | null} */
    this.worker = null;
    /** @type {((why: Error) => void) | null} */
    this.reject = null;
  }

  /**
   * What the tool changes, or proposes; `tell(share)` hears how much is done. Throws Stopped when `stop`
   * came first.
   * @param {SmartTool} tool
   * @param {{ job: unknown, place: { low: Triple, grid: Triple } }} question `place`: of its box in the grid
   * @param {(share: number) => void} tell
   * @returns {Promise<any>}
   */
  ask(tool, { job, place }, tell) {
    const worker = this.warm();
    return new Promise((resolve, reject) => {
      this.reject = reject;
      worker.onmessage = ({ data }) => {
        if ("answer" in data) resolve(data.answer);
        else tell(data.share);
      };
      worker.onerror = (event) => {
        this.end();
        reject(new Error(event.message || "unknown"));
      };
      worker.postMessage({ tool, job, place }, { transfer: buffersOf(job) });
    });
  }

  /** The worker, loaded before it is needed. */
  warm() {
    this.worker ??= new Worker(new URL("./smart_worker.js", import.meta.url), { type: "module" });
    return this.worker;
  }

  stop() {
    if (!this.reject) return;
    this.end();
    this.reject?.(new Stopped());
    this.reject = null;
  }

  end() {
    this.worker?.terminate();
    this.worker = null;
  }
}
