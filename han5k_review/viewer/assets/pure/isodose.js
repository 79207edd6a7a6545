// @ts-check
// Isodose levels and lines. No DOM.

import { traceLoops } from "./contours.js";

/** @import { Lattice } from "./dose_grid.js" */
/** @import { LinePath } from "./contours.js" */

/** @typedef {"gy" | "prescription" | "maximum"} DoseUnit What levels are given in: Gray, or per cent of a dose. */

/**
 * One isodose: its dose, how it is written, its colour.
 * @typedef {{ gy: number, words: string, colour: string }} Level
 */

/** @type {Record<DoseUnit, { title: string, levels: string }>} */
export const DOSE_UNITS = {
  gy: { title: "Gy", levels: "70 63 56 45 30 20 10" },
  prescription: { title: "% of prescription", levels: "107 100 95 80 60 40 20" },
  maximum: { title: "% of maximum", levels: "95 90 80 70 50 30 10" },
};
const MOST_LEVELS = 8;
const HIGHEST = { gy: 1000, prescription: 200, maximum: 100 };

// From hot to cold; the second row is told apart by its brightness, too.
const COLOURS = ["#ff3b30", "#ff8c1a", "#ffd60a", "#7bd936", "#19c3a6", "#2aa4ff", "#5b6cff", "#a35bff"];
const SAFE = ["#fff7c2", "#fde36b", "#f9bd3f", "#ef8f3c", "#d8605a", "#b13f7c", "#7d3a9a", "#4d4cb5"];

/**
 * Levels from what a person wrote, highest first; or why they are none.
 * @param {string} text
 * @param {DoseUnit} unit
 * @returns {{ numbers: number[] } | { wrong: string }}
 */
export function readLevels(text, unit) {
  const words = text.split(/[\s;]+/).filter(Boolean);
  const numbers = words.map((word) => Number(word.replace(",", ".")));
  const wrong = words.find((_, n) => !(numbers[n] > 0 && numbers[n] <= HIGHEST[unit]));
  if (wrong !== undefined)
    return {
      wrong: `Numbers above 0 and up to ${HIGHEST[unit]}, with spaces between, were expected, found "${wrong}".`,
    };
  const sorted = [...new Set(numbers)].sort((a, b) => b - a);
  if (!sorted.length || sorted.length > MOST_LEVELS)
    return { wrong: `1 to ${MOST_LEVELS} levels were expected, found ${sorted.length}.` };
  return { numbers: sorted };
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 100) / 100);

/**
 * Levels to draw; none where the dose that the per cent are of is not known.
 * @param {number[]} numbers
 * @param {DoseUnit} unit
 * @param {number | null} whole Gray of 100 %
 * @param {boolean} isSafe
 * @returns {Level[]}
 */
export function buildLevels(numbers, unit, whole, isSafe) {
  const colours = isSafe ? SAFE : COLOURS;
  if (unit === "gy")
    return numbers.map((gy, n) => ({ gy, words: `${short(gy)} Gy`, colour: colours[n % colours.length] }));
  if (whole === null) return [];
  return numbers.map((percent, n) => ({
    gy: (percent * whole) / 100,
    words: `${short(percent)} %  ${short((percent * whole) / 100)} Gy`,
    colour: colours[n % colours.length],
  }));
}

/**
 * Draws into `path` the closed lines around the points of at least `gy`, in plane millimetres. Between two
 * points a line crosses where the dose, linear there, is `gy`; at the edge of the dose grid it runs along it.
 * @template {LinePath} Path
 * @param {Path} path
 * @param {Float32Array} values
 * @param {Lattice} lattice
 * @param {number} gy
 */
export function drawIsodose(path, values, lattice, gy) {
  const { columns, rows, u0, v0, du, dv } = lattice;
  const width = columns + 2;
  const cells = new Uint8Array(width * (rows + 2));
  let found = false;
  for (let r = 0, n = 0; r < rows; r++) {
    for (let c = 0, at = (r + 1) * width + 1; c < columns; c++, n++, at++) {
      if (values[n] >= gy) {
        cells[at] = 1;
        found = true;
      }
    }
  }
  if (!found) return null;
  /** @type {(x: number, y: number) => number} */
  const value = (x, y) =>
    x < 1 || y < 1 || x > columns || y > rows ? Number.NaN : values[(y - 1) * columns + x - 1];
  /** How far between a point and the next the line crosses; beyond the grid: at the point within. */
  /** @type {(near: number, far: number) => number} */
  const share = (near, far) => {
    if (Number.isNaN(near)) return 1;
    return Number.isNaN(far) ? 0 : (gy - near) / (far - near);
  };
  for (const loop of traceLoops({ cells, width, height: rows + 2 })) {
    for (let n = 0; n < loop.length; n += 2) {
      let [x, y] = [loop[n], loop[n + 1]];
      if (x % 1) {
        x = Math.floor(x);
        x += share(value(x, y), value(x + 1, y));
      } else {
        y = Math.floor(y);
        y += share(value(x, y), value(x, y + 1));
      }
      const [u, v] = [u0 + (x - 1) * du, v0 + (y - 1) * dv];
      if (n) path.lineTo(u, v);
      else path.moveTo(u, v);
    }
    path.closePath();
  }
  return path;
}
