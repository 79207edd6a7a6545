// @ts-check
// Which structures the list shows, and which can be accepted with the rest. No DOM.

import { tagLetters } from "./catalogue.js";

/** @import { Grades } from "./catalogue.js" */
/** @import { ViewerStructure } from "./payload.js" */
/** @typedef {{ id: string, key: string, words: string, count: number }} Filter `key` chooses it. */

export const ALL = "all";
const UNGRADED = "ungraded";
export const DOUBTFUL = "doubtful";
const TIER = "tier ";

/** @param {ViewerStructure} structure */
export const isDoubtful = ({ warnings }) => (warnings?.length ?? 0) > 0;

/**
 * The tiers of the structure table, in order.
 * @param {ViewerStructure[]} structures
 */
export function tiersOf(structures) {
  const tiers = structures.map(({ tier }) => tier).filter((tier) => typeof tier === "string" && tier !== "");
  return /** @type {string[]} */ ([...new Set(tiers)].sort());
}

/**
 * Those of a filter, in their order; `kept` stays among them, so that the next one is the next.
 * @param {ViewerStructure[]} structures
 * @param {string} filter
 * @param {Grades} grades
 * @param {string | null} kept
 */
export function filterStructures(structures, filter, grades, kept = null) {
  return structures.filter((structure) => {
    if (filter === ALL || structure.name === kept) return true;
    if (filter === UNGRADED) return !grades.get(structure.name)?.code;
    if (filter === DOUBTFUL) return isDoubtful(structure);
    return filter === TIER + structure.tier;
  });
}

/**
 * Every filter with its key and how many structures it leaves: all, without a grade, doubtful, each tier.
 * @param {ViewerStructure[]} structures
 * @param {Grades} grades
 * @returns {Filter[]}
 */
export function listFilters(structures, grades) {
  const tiers = tiersOf(structures);
  const letters = tagLetters([UNGRADED, DOUBTFUL, ...tiers]);
  /** @param {string} word */
  const keyOf = (word) => Object.keys(letters).find((letter) => letters[letter] === word) ?? "";
  const filters = [
    { id: ALL, key: "Enter", words: "All" },
    { id: UNGRADED, key: keyOf(UNGRADED), words: "Without a grade" },
    { id: DOUBTFUL, key: keyOf(DOUBTFUL), words: "Doubtful" },
    ...tiers.map((tier) => ({ id: TIER + tier, key: keyOf(tier), words: `Tier ${tier}` })),
  ];
  return filters.map((one) => ({
    ...one,
    count: filterStructures(structures, one.id, grades).length,
  }));
}

/**
 * Structures without a grade, by what stands in the way of accepting them with the rest: `ready` were
 * scrolled through, `unseen` were not, `doubtful` have a warning and are graded one by one. Empty ones are
 * doubtful.
 * @param {ViewerStructure[]} structures
 * @param {Grades} grades
 * @param {(name: string) => boolean} wasScrolled
 */
export function sortRest(structures, grades, wasScrolled) {
  const rest = structures.filter(
    ({ name, label_version }) => label_version !== null && !grades.get(name)?.code,
  );
  const sure = rest.filter((structure) => !isDoubtful(structure));
  return {
    ready: sure.filter(({ name }) => wasScrolled(name)),
    unseen: sure.filter(({ name }) => !wasScrolled(name)),
    doubtful: rest.filter(isDoubtful),
  };
}
