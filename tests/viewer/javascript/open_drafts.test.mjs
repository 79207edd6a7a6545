import assert from "node:assert/strict";
import test from "node:test";
import { listLeft, OpenDrafts } from "../../../han5k_review/viewer/assets/edit/open_drafts.js";

const draft = (structure, version, until_utc, more = {}) => ({
  structure,
  version,
  changed_at_utc: `2026-05-0${version + 1}T10:00:00Z`,
  lease: { mine: false, holder: null, until_utc, ...more },
});
const LATER = "2026-05-04T12:00:00Z";
const none = () => false;

test("an edit whose lease nobody gave back was left, the last one first", () => {
  const drafts = [
    draft("Kept", 2, null),
    draft("Untouched", 0, LATER),
    draft("Here", 3, LATER, { mine: true }),
    draft("Older", 1, LATER),
    draft("Newer", 4, LATER),
  ];
  const names = (list) => list.map(({ structure }) => structure);
  assert.deepEqual(names(listLeft(drafts, none)), ["Newer", "Older"]);
  assert.deepEqual(names(listLeft(drafts, ({ structure }) => structure === "Untouched")), [
    "Newer",
    "Older",
    "Untouched",
  ]);
});

test("a tab that has the draft in hand says so to another one, and is silent about others", async () => {
  const holder = new OpenDrafts({ url: "/drafts/ParotidL", state: "open" });
  const asker = new OpenDrafts({ url: null, state: "closed" });
  assert.equal(await asker.isElsewhere("/drafts/ParotidL"), true);
  assert.equal(await asker.isElsewhere("/drafts/BrainStem"), false);
  holder.close();
  asker.close();
});
