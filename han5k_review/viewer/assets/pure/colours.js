// @ts-check
// Colours of structures and grades. No DOM.
//
// The structure table has a colour for each structure, and one that is safe for the colour blind; touching
// structures differ by at least 20 in both (anatomy/colours.py). A study whose table has no safe ones takes
// the palette of Okabe and Ito (2008), jfly.uni-koeln.de/color: a left organ the full colour, its right
// partner the same hue paler.

/** @import { ViewerStructure } from "./payload.js" */

const OKABE_ITO = ["#e69f00", "#56b4e9", "#009e73", "#f0e442", "#3f8fd2", "#d55e00", "#cc79a7", "#bbbbbb"];

/**
 * One colour per grade level, the same as on the pages (ui/style.py), always beside a word and a shape. The
 * answers of a forced choice say nothing good or bad of a side, so both sides have one colour.
 * @type {Record<string, { colour: string, shape: string }>}
 */
export const LEVELS = {
  no: { colour: "#2e9e6b", shape: "M3 8.5 6.5 12 13 4.5" },
  minor: { colour: "#d99a1c", shape: "M2 10c2-5 4-5 6-2s4 3 6-2" },
  major: { colour: "#d24b4b", shape: "M4 4 12 12M12 4 4 12" },
  not_assessable: { colour: "#8a919c", shape: "M8 3a5 5 0 1 0 .01 0M4.5 11.5 11.5 4.5" },
  absent: { colour: "#8a919c", shape: "M3 8H13" },
  left: { colour: "#6aa5e8", shape: "M9.5 3 4.5 8l5 5M4.5 8H13" },
  right: { colour: "#6aa5e8", shape: "M6.5 3l5 5-5 5M11.5 8H3" },
  neither: { colour: "#8a919c", shape: "M3 6H13M3 10H13" },
  both_poor: { colour: "#8a919c", shape: "M4 4 12 12M12 4 4 12" },
};
/** @param {string} name */
export const levelOf = (name) => LEVELS[name] ?? LEVELS.not_assessable;

/** @param {string} hex */
export function parseHex(hex) {
  const n = parseInt(hex.replace("#", ""), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** @param {number[]} rgb */
export function toHex(rgb) {
  return `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}

/**
 * Relative luminance, WCAG 2.2.
 * @param {number[]} rgb
 */
export function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @type {(rgb: number[], share: number) => number[]} */
const towardsWhite = (rgb, share) => rgb.map((part) => part + (255 - part) * share);

/**
 * The colour, mixed with white until it stands out on a dark image (luminance of 0.28 at least).
 * @param {string} hex
 */
export function legible(hex) {
  const rgb = parseHex(hex);
  let share = 0;
  while (luminance(towardsWhite(rgb, share)) < 0.28 && share < 1) share += 0.04;
  return toHex(towardsWhite(rgb, share));
}

/**
 * The paler tone in which a compared label set is drawn over the one under review.
 * @param {string} hex
 */
export function paler(hex) {
  return toHex(towardsWhite(parseHex(hex), 0.6));
}

/**
 * Map of structure name to the colour it is drawn in.
 * @param {ViewerStructure[]} structures
 * @param {boolean} colourBlind
 * @returns {Map<string, string>}
 */
export function structureColours(structures, colourBlind) {
  if (!colourBlind) return new Map(structures.map((s) => [s.name, legible(s.color)]));
  if (structures.every((s) => s.color_safe))
    return new Map(structures.map((s) => [s.name, legible(s.color_safe ?? s.color)]));
  const colours = new Map();
  let next = 0;
  for (const { name, pair, side } of structures) {
    const partner = pair && colours.get(pair);
    const base = partner?.base ?? OKABE_ITO[next++ % OKABE_ITO.length];
    const pale = side === "R";
    colours.set(name, { base, shown: pale ? toHex(towardsWhite(parseHex(base), 0.5)) : legible(base) });
  }
  return new Map([...colours].map(([name, { shown }]) => [name, shown]));
}
