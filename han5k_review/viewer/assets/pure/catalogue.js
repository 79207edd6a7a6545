// @ts-check
// The structure list as a reader walks it: search, order, next one, next ungraded. No DOM.

/** @import { ViewerStructure } from "./payload.js" */
/** @typedef {Map<string, { code?: string | null }>} Grades By structure; without a code there is none. */

export const ORDERS = ["list", "anatomy", "doubtful first"];

/** @param {string} text */
const plain = (text) => text.toLowerCase().replace(/[\s_]+/g, "");

/**
 * Structures whose name or title holds the search text, an exact name first; spaces and underscores do
 * not matter.
 * @param {ViewerStructure[]} structures
 * @param {string} text
 */
export function searchStructures(structures, text) {
  const wanted = plain(text);
  if (!wanted) return structures;
  const found = structures.filter((s) => plain(s.name).includes(wanted) || plain(s.title).includes(wanted));
  /**
   */
  return found.sort((a, b) => Number(plain(b.name) === wanted) - Number(plain(a.name) === wanted));
}

/**
 * `list` is the study's order; `anatomy` groups what the table groups, pairs side by side;
 * `doubtful first` puts many warnings first, then a low published agreement.
 * @param {ViewerStructure[]} structures
 * @param {string} order
 */
export function orderStructures(structures, order) {
  const places = new Map(structures.map((s, index) => [s.name, index]));
  /** @param {string | null} name */
  const at = (name) => (name === null ? undefined : places.get(name)) ?? Infinity;
  /** @param {ViewerStructure} s */
  const pairAt = (s) => Math.min(at(s.name), at(s.pair));
  const sorted = [...structures];
  if (order === "anatomy") {
    sorted.sort(
      (a, b) => `${a.group}`.localeCompare(`${b.group}`) || pairAt(a) - pairAt(b) || at(a.name) - at(b.name),
    );
  } else if (order === "doubtful first") {
    sorted.sort(
      (a, b) =>
        (b.warnings?.length ?? 0) - (a.warnings?.length ?? 0) ||
        (a.reference_dsc ?? 1) - (b.reference_dsc ?? 1) ||
        at(a.name) - at(b.name),
    );
  }
  return sorted;
}

/**
 * The structure `step` places on; stays at the ends.
 * @param {ViewerStructure[]} structures
 * @param {string | null} name
 * @param {number} step
 */
export function stepFrom(structures, name, step) {
  const at = structures.findIndex((s) => s.name === name);
  const to = Math.max(0, Math.min(structures.length - 1, at < 0 ? 0 : at + step));
  return structures[to]?.name ?? null;
}

/**
 * The next structure without a grade after `name`, going round once; null when all are graded.
 * @param {ViewerStructure[]} structures
 * @param {string | null | undefined} name
 * @param {Grades} grades
 */
export function nextUngraded(structures, name, grades) {
  const at = structures.findIndex((s) => s.name === name);
  for (let n = 1; n <= structures.length; n++) {
    const candidate = structures[(at + n) % structures.length];
    if (!grades.get(candidate.name)?.code) return candidate.name;
  }
  return null;
}

/**
 * @param {ViewerStructure[]} structures
 * @param {Grades} grades
 */
export function countGraded(structures, grades) {
  return structures.filter((s) => grades.get(s.name)?.code).length;
}

/**
 * A letter for each tag, the first of its letters that is still free: { letter: tag }.
 * @param {string[]} tags
 */
export function tagLetters(tags) {
  /** @type {Record<string, string>} */
  const letters = {};
  for (const tag of tags) {
    const free = [...tag.toLowerCase()].find((c) => c >= "a" && c <= "z" && !(c in letters));
    if (free) letters[free] = tag;
  }
  return letters;
}
