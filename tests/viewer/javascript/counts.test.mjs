import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseForm, sayCount } from "../../../han5k_review/viewer/assets/pure/counts.js";

test("one is one, none and several are several", () => {
  assert.equal(sayCount(1, "stroke"), "1 stroke");
  assert.equal(sayCount(0, "stroke"), "0 strokes");
  assert.equal(sayCount(2, "edit is", "edits are"), "2 edits are");
  assert.equal(chooseForm(1, "fits", "fit"), "fits");
});
