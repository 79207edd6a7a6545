import assert from "node:assert/strict";
import test from "node:test";
import { Reading } from "../../../han5k_review/viewer/assets/reading.js";

const windows = [
  { name: "soft", centre_hu: 35, width_hu: 350 },
  { name: "bone", centre_hu: 450, width_hu: 1600 },
];
const structure = (name, window, more = {}) => ({ name, title: name, color: "#ff0000", window, ...more });
/** A case whose CT has not come yet. */
const begin = (...structures) =>
  new Reading(
    { structures, windows, label_sets: [], grades: {}, resume: null, addresses: {}, bands: {} },
    { volume: null, masks: new Map() },
    () => {},
  );

test("the window follows the structure, one by hand lasts until the next, a locked one stays", () => {
  const reading = begin(structure("Eye", "soft"), structure("Cochlea", "bone"));
  const shown = () => reading.state.window.name;
  reading.choose("Cochlea");
  assert.equal(shown(), "bone");
  reading.setWindow(windows[0]);
  reading.choose("Cochlea");
  assert.equal(shown(), "soft");
  reading.choose("Eye");
  reading.change({ locked: true, follow: false }, "window");
  reading.choose("Cochlea");
  assert.equal(shown(), "soft");
  assert.equal(reading.state.follow, false);
  reading.change({ locked: false }, "window");
  reading.choose("Eye");
  reading.choose("Cochlea");
  assert.equal(shown(), "bone");
});
