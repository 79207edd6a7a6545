import assert from "node:assert/strict";
import test from "node:test";
import * as c from "../../../han5k_review/viewer/assets/pure/catalogue.js";
import * as g from "../../../han5k_review/viewer/assets/pure/grading.js";
import { fateOf, Patience, TRIES } from "../../../han5k_review/viewer/assets/pure/request_failures.js";

const structures = [
  {
    name: "Parotid_L",
    title: "Parotid left",
    pair: "Parotid_R",
    group: "2",
    warnings: [],
    reference_dsc: 0.8,
  },
  { name: "Larynx", title: "Larynx", pair: null, group: "1", warnings: [], reference_dsc: 0.7 },
  {
    name: "Parotid_R",
    title: "Parotid right",
    pair: "Parotid_L",
    group: "2",
    warnings: ["island"],
    reference_dsc: 0.8,
  },
];
const names = (list) => list.map((s) => s.name);

test("the list is searched by name and by title", () => {
  assert.deepEqual(names(c.searchStructures(structures, "parotidr")), ["Parotid_R"]);
  assert.deepEqual(names(c.searchStructures(structures, "id lef")), ["Parotid_L"]);
  assert.equal(c.searchStructures(structures, "xyz").length, 0);
  const brains = [
    { name: "BrainStem", title: "" },
    { name: "Brain", title: "" },
  ];
  assert.deepEqual(names(c.searchStructures(brains, "brain")), ["Brain", "BrainStem"]);
});

test("by anatomy pairs stand together; doubtful ones come first when asked", () => {
  assert.deepEqual(names(c.orderStructures(structures, "anatomy")), ["Larynx", "Parotid_L", "Parotid_R"]);
  assert.deepEqual(names(c.orderStructures(structures, "doubtful first")), [
    "Parotid_R",
    "Larynx",
    "Parotid_L",
  ]);
});

test("the next ungraded goes round once and ends when all are graded", () => {
  const grades = new Map([["Larynx", { code: "no" }]]);
  assert.equal(c.nextUngraded(structures, "Parotid_L", grades), "Parotid_R");
  assert.equal(c.nextUngraded(structures, "Parotid_R", grades), "Parotid_L");
  assert.equal(
    c.nextUngraded(structures, "Larynx", new Map(names(structures).map((n) => [n, { code: "no" }]))),
    null,
  );
});

test("a withdrawn grade counts as none", () => {
  assert.equal(c.countGraded(structures, new Map([["Larynx", { code: null }]])), 0);
});

test("stepping stays at the ends", () => {
  assert.equal(c.stepFrom(structures, "Parotid_L", -1), "Parotid_L");
  assert.equal(c.stepFrom(structures, "Larynx", 1), "Parotid_R");
});

test("each tag of the house has a letter of its own", () => {
  const tags = [
    "cranial",
    "caudal",
    "medial",
    "lateral",
    "over",
    "under",
    "missing slice",
    "wrong organ",
    "L/R swap",
    "island",
    "hole",
  ];
  const letters = c.tagLetters(tags);
  assert.deepEqual(Object.values(letters).sort(), [...tags].sort());
  assert.equal("t" in letters, false);
});

test("a request says what the contract asks for", () => {
  const body = g.gradeRequest({
    requestId: "r",
    structure: { name: "Larynx", label_version: 7 },
    code: "minor",
    draft: { tags: ["over"], comment: " thick ", flagged: [9, 4], confidence: 4, guess: "a model" },
    openedAt: "2026-01-01T00:00:00.000Z",
    activeSeconds: 7.24,
  });
  assert.deepEqual(body, {
    request_id: "r",
    structure: "Larynx",
    label_version: 7,
    code: "minor",
    tags: ["over"],
    comment: "thick",
    flagged_slices: [4, 9],
    opened_at_utc: "2026-01-01T00:00:00.000Z",
    active_seconds: 7.2,
    in_bulk: false,
    confidence: 4,
    source_guess: "a model",
  });
});

test("a draft that says the same is no amendment", () => {
  const grade = { tags: ["over"], comment: "x", flagged_slices: [3] };
  const same = { tags: ["over"], comment: "x ", flagged: [3], confidence: null, guess: null };
  assert.equal(g.differs(grade, same), false);
  assert.equal(g.differs(grade, { ...same, tags: [] }), true);
  assert.equal(g.differs(grade, { ...same, confidence: 3 }), true);
  assert.equal(g.differs(grade, { ...same, guess: "a person" }), true);
});

test("pauses do not count as work", () => {
  const clock = new g.ActivityClock(30);
  clock.touch("A", 0);
  clock.touch("A", 10_000);
  clock.touch("A", 100_000);
  clock.touch("B", 105_000);
  clock.pause();
  clock.touch("B", 110_000);
  assert.equal(clock.activeSeconds("A"), 15);
  assert.equal(clock.activeSeconds("B"), 0);
  assert.equal(clock.openedAt("B"), new Date(105_000).toISOString());
});

test("what becomes of an act that failed depends on the answer", () => {
  const fates = [null, 401, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 507].map(fateOf);
  assert.deepEqual(fates, [
    ...["again", "expired", "foreign", "aside", "again", "aside", "aside", "aside"],
    ...["again", "again", "again", "again", "again", "again"],
  ]);
});

test("an act is hopeless after five failures while others got through, and rests longer each time", () => {
  const patience = new Patience();
  const answers = [];
  const rests = [];
  for (let turn = 0; turn < TRIES; turn++) {
    answers.push(patience.failed("one", { now: 0, others: turn === 0 ? 0 : 1, answered: true }));
    rests.push(patience.next(0));
  }
  assert.deepEqual(answers, [false, false, false, false, true]);
  assert.deepEqual(rests, [500, 1000, 2000, 4000, 8000]);
  const alone = new Patience();
  const tries = Array.from({ length: 9 }, () => alone.failed("one", { now: 0, others: 0, answered: true }));
  assert.ok(!tries.includes(true), "nothing else got through either");
  assert.ok(alone.rests("one", 14_999));
  alone.wake();
  assert.ok(!alone.rests("one", 0));
});
