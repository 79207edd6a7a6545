// The structure list as a reader walks it: search, order, next one, next ungraded. No DOM.

export const ORDERS = ["list", "anatomy", "doubtful first"];

const plain = (text) => text.toLowerCase().replace(/[\s_]+/g, "");

/** Structures whose name or title holds the search text, an exact name first; spaces and underscores do not matter. */
export function searchStructures(structures, text) {
  const wanted = plain(text);
  if (!wanted) return structures;
  const found = structures.filter((s) => plain(s.name).includes(wanted) || plain(s.title).includes(wanted));
  return found.sort((a, b) => (plain(b.name) === wanted) - (plain(a.name) === wanted));
}

/**
 * `list` is the study's order; `anatomy` groups what the table groups, pairs side by side;
 * `doubtful first` puts many warnings first, then a low published agreement.
 */
export function orderStructures(structures, order) {
  const at = new Map(structures.map((s, index) => [s.name, index]));
  const pairAt = (s) => Math.min(at.get(s.name), at.get(s.pair) ?? Infinity);
  const sorted = [...structures];
  if (order === "anatomy") {
    sorted.sort(
      (a, b) =>
        `${a.group}`.localeCompare(`${b.group}`) || pairAt(a) - pairAt(b) || at.get(a.name) - at.get(b.name),
    );
  } else if (order === "doubtful first") {
    sorted.sort(
      (a, b) =>
        (b.warnings?.length ?? 0) - (a.warnings?.length ?? 0) ||
        (a.reference_dsc ?? 1) - (b.reference_dsc ?? 1) ||
        at.get(a.name) - at.get(b.name),
    );
  }
  return sorted;
}

/** The structure `step` places on; stays at the ends. */
export function stepFrom(structures, name, step) {
  const at = structures.findIndex((s) => s.name === name);
  const to = Math.max(0, Math.min(structures.length - 1, at < 0 ? 0 : at + step));
  return structures[to]?.name ?? null;
}

/** The next structure without a grade after `name`, going round once; null when all are graded. */
export function nextUngraded(structures, name, grades) {
  const at = structures.findIndex((s) => s.name === name);
  for (let n = 1; n <= structures.length; n++) {
    const candidate = structures[(at + n) % structures.length];
    if (!grades.get(candidate.name)?.code) return candidate.name;
  }
  return null;
}

export function countGraded(structures, grades) {
  return structures.filter((s) => grades.get(s.name)?.code).length;
}

/** A letter for each tag, the first of its letters that is still free: { letter: tag }. */
export function tagLetters(tags) {
  const letters = {};
  for (const tag of tags) {
    const free = [...tag.toLowerCase()].find((c) => c >= "a" && c <= "z" && !(c in letters));
    if (free) letters[free] = tag;
  }
  return letters;
}
