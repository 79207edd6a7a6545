// @ts-check
// One prompt as it is drawn, and the voxels that the server is told. It is no part of the contour. No DOM.

import { PLANES } from "../pure/geometry.js";
import { EditMask } from "./edit_mask.js";
import { paintCapsule, paintPolygon } from "./painting.js";
import { COLOURS, SEED_MM } from "./seeds.js";

/** @import { PlaneName, PlanePoint, Triple } from "../pure/geometry.js" */
/** @typedef {"point" | "scribble" | "lasso" | "box"} PromptKind */
/** @typedef {{ kind: PromptKind, include: boolean, points: Triple[] }} Prompt `points`: voxels */

/** In the order in which the key goes through them. */
export const KINDS = /** @type {const} */ (["point", "scribble", "lasso", "box"]);
/** @type {Record<PromptKind, string>} what the hand does */
const HOW = {
  point: "click on tissue",
  scribble: "draw a short line over tissue",
  lasso: "draw a line round tissue",
  box: "drag a box over tissue",
};
/**
 * How a prompt is drawn, and what each button means.
 * @param {PromptKind} kind
 * @param {boolean} isOutside the left button draws what does not belong to the structure
 */
export function sayHow(kind, isOutside) {
  const [left, right] = isOutside ? ["does not belong", "does"] : ["belongs", "does not"];
  return `Prompt: ${HOW[kind]} that ${left} to it, right button: that ${right}.`;
}

/** More points than this are not sent: of a longer line every so many-th. */
const MOST_POINTS = 500;

/** @param {string} tool */
export const isPrompt = (tool) => tool.startsWith("prompt-");

/**
 * Is a prompt as wide as a seed: a point or a line, and no area?
 * @param {string} tool
 */
export const isLine = (tool) => tool === "prompt-point" || tool === "prompt-scribble";
/**
 * The kind of a tool in hand; undefined when it is no prompt.
 * @param {string} tool
 */
export const kindOf = (tool) => KINDS.find((kind) => tool === `prompt-${kind}`);

export class PromptStroke {
  /**
   * @param {EditMask} mask the contour in hand
   * @param {PlaneName} plane
   * @param {number} index
   * @param {{ kind: PromptKind, include: boolean }} what
   */
  constructor(mask, plane, index, { kind, include }) {
    this.grid = mask.grid;
    this.spacing = mask.spacing;
    this.plane = plane;
    this.index = index;
    this.kind = kind;
    this.include = include;
    this.colour = include ? COLOURS.inside : COLOURS.outside;
    /** @type {Triple[]} voxel coordinates, fractional, as drawn */
    this.drawn = [];
  }

  /** @param {Triple} point */
  add(point) {
    // A click that slips still means where it began.
    if (this.kind !== "point" || !this.drawn.length) this.drawn.push(point);
  }

  finish() {}

  /**
   * What is shown while it is drawn, of a line in plane millimetres.
   * @param {PlanePoint[]} line
   */
  outline(line) {
    const [first] = line;
    const last = line[line.length - 1];
    if (this.kind === "lasso") return [...line, first];
    if (this.kind !== "box") return line;
    return [first, { u: last.u, v: first.v }, last, { u: first.u, v: last.v }, first];
  }

  /**
   * The voxels of the prompt; a sentence where it can not be asked.
   * @returns {string | Prompt}
   */
  build() {
    const { kind, include, drawn } = this;
    const ends = kind === "box" ? [drawn[0], drawn[drawn.length - 1]] : drawn;
    const isArea = kind === "box" || kind === "lasso";
    const inside = isArea ? ends.map((point) => this.clamp(point)) : ends.filter((one) => this.holds(one));
    const points = withoutRepeats(inside.map((point) => /** @type {Triple} */ (point.map(Math.round))));
    if (!points.length) return "A prompt lies on the CT: nothing was asked.";
    if (kind === "box" && points.length < 2) return "A box goes from corner to corner: drag over the place.";
    if (kind === "lasso" && points.length < 3) return "A lasso goes round a place: draw a longer line.";
    return { kind, include, points: thin(points) };
  }

  /**
   * What is shown of a prompt while the server works.
   * @param {Prompt} prompt
   */
  mark({ kind, points }) {
    const mark = new EditMask(this.grid, this.spacing, null);
    const { column, row, through } = PLANES[this.plane];
    if (kind === "lasso") paintPolygon(mark, this.plane, this.index, points, 1);
    else if (kind === "box") {
      const low = points[0].map((at, axis) => Math.min(at, points[1][axis]));
      const high = points[0].map((at, axis) => Math.max(at, points[1][axis]) + 1);
      const size = (high[column] - low[column]) * (high[row] - low[row]);
      mark.replace(low, high, new Uint8Array(size).fill(1));
    } else {
      const brush = { radiusMm: SEED_MM / 2, flatAxis: through, value: 1 };
      for (const [n, point] of points.entries()) paintCapsule(mark, points[Math.max(0, n - 1)], point, brush);
    }
    mark.touch();
    return mark;
  }

  /** @param {Triple} point */
  holds(point) {
    return point.every((at, axis) => at > -0.5 && at < this.grid[axis] - 0.5);
  }

  /** @param {Triple} point */
  clamp(point) {
    return point.map((at, axis) => Math.max(0, Math.min(this.grid[axis] - 1, at)));
  }
}

/** @param {Triple[]} points */
function withoutRepeats(points) {
  return points.filter((point, n) => n === 0 || point.some((at, axis) => at !== points[n - 1][axis]));
}

/** @param {Triple[]} points */
function thin(points) {
  if (points.length <= MOST_POINTS) return points;
  const step = (points.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, n) => points[Math.round(n * step)]);
}
