// @ts-check
// Questions about the whole list: which structures are shown, what is accepted with the rest, and what comes
// after the last grade. All are answered by key.

import { doneWord } from "./drawing.js";
import { STAY } from "./panels/question.js";
import { chooseForm, sayCount } from "./pure/counts.js";
import { filterStructures, listFilters, sortRest, tiersOf } from "./pure/filters.js";
import { keysOf } from "./pure/keymap.js";
import { wasScrolledThrough } from "./seen_slices.js";

/** @import { ViewerStructure } from "./pure/payload.js" */
/** @import { Workspace } from "./workspace.js" */
/** @typedef {ReturnType<typeof sortRest>} Rest */

const NOT_YET =
  "Nothing can be accepted yet: show the whole axial picture and all outlines, and scroll through the slices. " +
  "Only structures seen from end to end are accepted.";
const BACK = { id: STAY, key: "Escape", words: "Back" };

/**
 * Which structures the list shows, and the next keys walk.
 * @param {Workspace} workspace
 */
export async function chooseFilter(workspace) {
  const { question, reading, grader } = workspace;
  if (question.open) return;
  const filters = listFilters(reading.structures, grader.grades);
  const answers = filters.map(({ id, key, words, count }) => ({ id, key, words: `${words} (${count})` }));
  const chosen = await question.ask("Show which structures?", [...answers, BACK], "menu");
  if (chosen === STAY) return;
  reading.change({ filter: chosen }, "list");
  const shown = filterStructures(reading.ordered(), chosen, grader.grades);
  if (shown.length && !shown.some(({ name }) => name === reading.state.selected))
    workspace.act("choose", shown[0].name);
}

/**
 * Gives the grade without revision to what was scrolled through, in one act; the sheets say so.
 * @param {Workspace} workspace
 */
export async function acceptRest(workspace) {
  const { question, reading, grader, data } = workspace;
  if (question.open || grader.readOnly) return;
  const grade = data.scale.grades.find(({ level }) => level === "no");
  const rest = sortRest(reading.structures, grader.grades, (name) => wasScrolledThrough(reading, name));
  if (!grade || !rest.ready.length) {
    workspace.say(grade ? sayNothing(rest) : "This study's scale has no grade without revision.");
    return;
  }
  const offers = [
    { id: "all", key: "Enter", words: "All", names: namesOf(rest.ready), loud: true },
    ...tiersOf(rest.ready).map((tier) => ({
      id: `tier-${tier}`,
      key: tier[0].toLowerCase(),
      words: `Tier ${tier}`,
      names: namesOf(rest.ready.filter((one) => one.tier === tier)),
    })),
  ];
  const answers = offers.map((offer) => ({ ...offer, words: `${offer.words} (${offer.names.length})` }));
  const chosen = await question.ask(sayRest(rest, grade.title), [...answers, BACK]);
  const names = offers.find(({ id }) => id === chosen)?.names ?? [];
  if (names.length) grader.give(names, grade.code, true);
}

/** @param {ViewerStructure[]} structures */
const namesOf = (structures) => structures.map(({ name }) => name);

/**
 * @param {Rest} rest
 * @param {string} title
 */
function sayRest({ ready, unseen, doubtful }, title) {
  return [
    `Accept the rest as "${title}"? ${sayCount(ready.length, "structure was", "structures were")} scrolled through.`,
    unseen.length
      ? `${sayCount(unseen.length, "was", "were")} not, and ${chooseForm(unseen.length, "stays", "stay")} open.`
      : "",
    doubtful.length ? `${sayCount(doubtful.length, "has", "have")} a warning: grade them one by one.` : "",
  ]
    .filter(Boolean)
    .join(" ");
}

/** @param {Rest} rest */
function sayNothing({ unseen, doubtful }) {
  if (unseen.length) return NOT_YET;
  return doubtful.length
    ? "Only structures with a warning are left: grade them one by one."
    : "Every structure has a grade.";
}

/**
 * The last structure has its grade.
 * @param {Workspace} workspace
 */
export async function sayFinished(workspace) {
  const { question, grader, data } = workspace;
  const chosen = await question.ask(
    `All ${grader.total} structures of ${data.case} are ${doneWord(data)} and saved.`,
    [
      {
        id: "next",
        key: "Enter",
        also: keysOf("next-case")[0],
        words: data.next ? "Next case" : "Back to the worklist",
        loud: true,
      },
      { id: "sign", key: keysOf("sign")[0], words: "Sign this read" },
      ...(data.manual ? [] : [{ id: "undo", key: "z", words: "Undo the last grade" }]),
      { id: STAY, key: "Escape", words: "Stay here" },
    ],
  );
  if (chosen === "next") workspace.leave();
  if (chosen === "sign") workspace.act("sign");
  if (chosen === "undo") workspace.act("undo");
}
