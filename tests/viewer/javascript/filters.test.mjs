import assert from "node:assert/strict";
import test from "node:test";
import * as f from "../../../han5k_review/viewer/assets/pure/filters.js";

const structure = (name, tier, warnings = [], label_version = 1) => ({ name, tier, warnings, label_version });
const STRUCTURES = [
  structure("Chiasm", "A"),
  structure("Lens", "A", ["island"]),
  structure("Parotid", "B"),
  structure("Aorta", "C"),
  structure("Missing", "C", [], null),
  structure("Own", null),
];
const GRADES = new Map([
  ["Parotid", { code: "minor" }],
  ["Aorta", { code: null }],
]);
const names = (list) => list.map(({ name }) => name);

test("a filter leaves those without a grade, the doubtful ones, or one tier", () => {
  const shown = (filter, kept) => names(f.filterStructures(STRUCTURES, filter, GRADES, kept));
  assert.deepEqual(shown("all"), names(STRUCTURES));
  assert.deepEqual(shown("ungraded"), ["Chiasm", "Lens", "Aorta", "Missing", "Own"]);
  assert.deepEqual(shown("doubtful"), ["Lens"]);
  assert.deepEqual(shown("tier A"), ["Chiasm", "Lens"]);
});

test("the chosen structure stays, so that the next one is the next", () => {
  assert.deepEqual(names(f.filterStructures(STRUCTURES, "tier C", GRADES, "Lens")), [
    "Lens",
    "Aorta",
    "Missing",
  ]);
});

test("each filter has a key of its own and says how many it leaves", () => {
  const filters = f.listFilters(STRUCTURES, GRADES);
  assert.deepEqual(
    filters.map(({ key, words, count }) => `${key} ${words} ${count}`),
    ["Enter All 6", "u Without a grade 5", "d Doubtful 1", "a Tier A 2", "b Tier B 1", "c Tier C 2"],
  );
});

test("what was scrolled through and has no warning can be accepted with the rest, nothing else", () => {
  const rest = f.sortRest(STRUCTURES, GRADES, (name) => name !== "Aorta");
  assert.deepEqual(names(rest.ready), ["Chiasm", "Own"]);
  assert.deepEqual(names(rest.unseen), ["Aorta"]);
  assert.deepEqual(names(rest.doubtful), ["Lens"]);
});
