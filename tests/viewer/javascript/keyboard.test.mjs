import assert from "node:assert/strict";
import test from "node:test";
import { Layout, labelOf, namesOf } from "../../../han5k_review/viewer/assets/pure/keyboard.js";
import * as k from "../../../han5k_review/viewer/assets/pure/keymap.js";

const SCALE = ["1", "2", "3", "0", "9"];
/** What a press does: the action of the first of its names that has one. */
const does = (press, layout = new Layout()) =>
  namesOf(press, layout)
    .map((name) => k.actionOf(name, SCALE))
    .find(Boolean) ?? null;
const press = (key, code, modifiers = {}) => ({ key, code, ...modifiers });
const altGraph = { ctrlKey: true, altKey: true, getModifierState: (name) => name === "AltGraph" };

test("keys mean one thing each", () => {
  const all = k.KEYMAP.flatMap(([, rows]) => rows.flatMap(([, keys]) => keys));
  assert.equal(new Set(all).size, all.length);
  assert.equal(k.ACTIONS.length, new Set(k.ACTIONS).size);
});

// The characters of each layout are those of its standard keyboard (Windows: kbdfr, kbdgr, kbdcz, kbdru, kbdhe).
for (const [layout, key, code, modifiers, action] of [
  ["US", "2", "Digit2", {}, "grade"],
  ["US", "N", "KeyN", { shiftKey: true }, "next-case"],
  ["US, caps lock", "N", "KeyN", {}, "next-structure"],
  ["US, caps lock and shift", "n", "KeyN", { shiftKey: true }, "next-case"],
  ["US", "!", "Digit1", { shiftKey: true }, "snap"],
  ["US", "%", "Digit5", { shiftKey: true }, "dose"],
  ["AZERTY", "%", "Quote", { shiftKey: true }, "dose"],
  ["Greek", "%", "Digit5", { shiftKey: true }, "dose"],
  ["any", "Enter", "Enter", {}, "close-polygon"],
  ["any", "Enter", "Enter", { shiftKey: true }, "prompt"],
  ["AZERTY", "'", "Digit4", {}, "band"],
  ["US", "F4", "F4", {}, "window-direct"],
  ["US", "F5", "F5", {}, null],
  ["US", "?", "Slash", { shiftKey: true }, "help"],
  ["number pad", "3", "Numpad3", {}, "grade"],
  ["number pad without num lock", "PageDown", "Numpad3", {}, "slices-down"],
  ["number pad", "+", "NumpadAdd", {}, "zoom-in"],
  ["AZERTY", "&", "Digit1", {}, "grade"],
  ["AZERTY", "é", "Digit2", {}, "grade"],
  ["AZERTY", '"', "Digit3", {}, "grade"],
  ["AZERTY", "à", "Digit0", {}, "grade"],
  ["AZERTY", "ç", "Digit9", {}, "grade"],
  ["AZERTY", "1", "Digit1", { shiftKey: true }, "grade"],
  ["AZERTY", "-", "Digit6", {}, "zoom-out"],
  ["AZERTY", "a", "KeyQ", {}, "outlines"],
  ["AZERTY", "m", "Semicolon", {}, "ruler"],
  ["AZERTY", ",", "KeyM", {}, "copy-below"],
  ["AZERTY", "[", "Digit5", altGraph, "brush-smaller"],
  ["AZERTY", "Dead", "BracketLeft", {}, "brush-smaller"],
  ["AZERTY", "$", "BracketRight", {}, "brush-larger"],
  ["QWERTZ", "2", "Digit2", {}, "grade"],
  ["QWERTZ", "z", "KeyY", {}, "undo"],
  ["QWERTZ", "y", "KeyZ", {}, "palette"],
  ["QWERTZ", "[", "Digit8", altGraph, "brush-smaller"],
  ["QWERTZ", "]", "Digit9", altGraph, "brush-larger"],
  ["QWERTZ", "/", "Digit7", { shiftKey: true }, "search"],
  ["QWERTZ", "+", "BracketRight", {}, "zoom-in"],
  ["QWERTZ", "ü", "BracketLeft", {}, "brush-smaller"],
  ["Mac German", "[", "Digit5", { altKey: true }, "brush-smaller"],
  ["Mac German", "]", "Digit6", { altKey: true }, "brush-larger"],
  ["Mac US", "å", "KeyA", { altKey: true }, null],
  ["Czech", "+", "Digit1", {}, "grade"],
  ["Czech", "ě", "Digit2", {}, "grade"],
  ["Czech", "š", "Digit3", {}, "grade"],
  ["Czech", "é", "Digit0", {}, "grade"],
  ["Czech", "í", "Digit9", {}, "grade"],
  ["Czech", "ú", "BracketLeft", {}, "brush-smaller"],
  ["Cyrillic", "2", "Digit2", {}, "grade"],
  ["Cyrillic", "т", "KeyN", {}, "next-structure"],
  ["Cyrillic", "Т", "KeyN", { shiftKey: true }, "next-case"],
  ["Cyrillic", "я", "KeyZ", {}, "undo"],
  ["Cyrillic", "х", "BracketLeft", {}, "brush-smaller"],
  ["Cyrillic", "ъ", "BracketRight", {}, "brush-larger"],
  ["Cyrillic", "б", "Comma", {}, "copy-below"],
  ["Cyrillic", "ю", "Period", {}, "copy-above"],
  ["Greek", "ν", "KeyN", {}, "next-structure"],
  ["Greek", "2", "Digit2", {}, "grade"],
  ["Greek", "π", "KeyP", {}, "previous-structure"],
  ["Greek", "η", "KeyH", {}, "visible"],
  ["Mac French", "é", "Digit2", {}, "grade"],
  ["Mac French", "n", "KeyN", {}, "next-structure"],
  ["Greek", "ζ", "KeyZ", {}, "undo"],
  ["Greek", ";", "KeyQ", {}, "brush"],
  ["Greek", "Dead", "Semicolon", {}, null],
  ["Turkish", "ı", "KeyI", {}, null],
  ["Turkish", "i", "Quote", {}, "crosshair"],
]) {
  const held = Object.keys(modifiers).filter((name) => name !== "getModifierState");
  test(`${layout}: ${[...held, code].join(" ")} (${key}) does ${action}`, () => {
    assert.equal(does(press(key, code, modifiers)), action);
  });
}

test("nothing is taken from the browser, the system, or text in the making", () => {
  assert.deepEqual(namesOf(press("w", "KeyW", { ctrlKey: true })), []);
  assert.deepEqual(namesOf(press("n", "KeyN", { metaKey: true })), []);
  assert.deepEqual(namesOf(press("n", "KeyN", { ctrlKey: true, altKey: true })), []);
  assert.deepEqual(namesOf(press("1", "Digit1", { altKey: true })), []);
  assert.deepEqual(namesOf(press("n", "KeyN", { isComposing: true })), []);
  assert.deepEqual(namesOf(press("Process", "KeyN")), []);
});

test("a letter the layout has elsewhere is not taken by place", () => {
  const dvorak = new Layout([
    ["KeyQ", "'"],
    ["KeyX", "q"],
  ]);
  assert.equal(does(press("'", "KeyQ"), dvorak), null);
  assert.equal(does(press("q", "KeyX"), dvorak), "brush");
  assert.equal(does(press("ü", "BracketLeft"), new Layout([["KeyA", "["]])), null);
});

test("a layout is learned, and learned anew when a key contradicts it", () => {
  const layout = new Layout([
    ["KeyN", "n"],
    ["BracketLeft", "["],
  ]);
  assert.equal(labelOf("[", layout), "[");
  assert.equal(layout.learn(press("n", "KeyN")), false);
  assert.equal(layout.learn(press("т", "KeyN")), true);
  assert.equal(layout.isWhole, false);
  assert.equal(labelOf("n", layout), "т");
  assert.equal(labelOf("Shift+N", layout), "Shift+Т");
  assert.equal(does(press("х", "BracketLeft"), layout), "brush-smaller");
  assert.equal(layout.learn(press("T", "KeyT", { shiftKey: true })), false);
  assert.equal(layout.learn(press("4", "Numpad4")), false);
});

test("an accent where a sign was told to be is another layout too", () => {
  const layout = new Layout([["BracketLeft", "["]]);
  assert.equal(layout.learn(press("Dead", "BracketLeft")), true);
  assert.equal(does(press("Dead", "BracketLeft"), layout), "brush-smaller");
});

test("what is written on a key is shown where the layout has no key of that name", () => {
  const azerty = new Layout([
    ["Digit1", "&"],
    ["KeyQ", "a"],
    ["KeyA", "q"],
    ["BracketLeft", "^"],
  ]);
  assert.deepEqual(
    ["1", "a", "[", "Space", "ArrowUp", "?"].map((name) => labelOf(name, azerty)),
    ["1 &", "a", "^", "Space", "ArrowUp", "?"],
  );
});

test("a key is changed, a taken one only when that is wanted, and a grade's never", () => {
  const wish = { action: "next-structure", key: "x", scaleKeys: SCALE };
  assert.deepEqual(k.changeKey({}, wish), { taken: "plane" });
  assert.deepEqual(k.changeKey({}, { ...wish, replacing: true }), {
    keys: { "next-structure": ["x"], plane: [] },
  });
  for (const key of ["1", "Escape", "?", "Tab"])
    assert.deepEqual(k.changeKey({}, { ...wish, key, replacing: true }), { fixed: true });
  const { keys } = k.changeKey({}, { ...wish, key: "Insert" });
  k.useKeys(keys);
  assert.equal(k.actionOf("Insert", SCALE), "next-structure");
  assert.equal(k.actionOf("n", SCALE), null);
  assert.equal(k.tooltip("next-structure"), "Next structure (Insert)");
  k.useKeys({});
  assert.equal(k.actionOf("n", SCALE), "next-structure");
});

test("what was stored and is no key is left out", () => {
  const stored = {
    "next-structure": ["x"],
    grade: ["q"],
    nobody: ["y"],
    undo: "z",
    redo: [7],
    solo: ["Escape"],
  };
  assert.deepEqual(k.readOwnKeys(stored), { "next-structure": ["x"] });
  assert.deepEqual(k.readOwnKeys(null), {});
});
