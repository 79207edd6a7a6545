// @ts-check
// The buttons and number fields that the edit panel is made of.

import { shortKey } from "../keyboard.js";
import { h } from "../panels/dom.js";
import { tooltip } from "../pure/keymap.js";

/**
 * A button that does `action` of the key table and shows its key.
 * @param {string} action
 * @param {string} word
 * @param {string} kind
 * @param {(action: string) => void} act
 */
export function actionButton(action, word, kind, act) {
  return h(
    "button",
    {
      type: "button",
      class: kind,
      "data-action": action,
      title: tooltip(action),
      onclick: () => act(action),
    },
    h("kbd", { "data-key": action }, shortKey(action)),
    ` ${word}`,
  );
}

/**
 * A button without a key; afterwards `focus()` gives the keys back to the picture.
 * @param {string} testid
 * @param {string} word
 * @param {() => void} onclick
 * @param {() => void} focus
 */
export function wordButton(testid, word, onclick, focus) {
  return h(
    "button",
    {
      type: "button",
      "data-testid": testid,
      onclick: () => {
        onclick();
        focus();
      },
    },
    word,
  );
}

/**
 * A field for a number of `range` ({ min, max, step }). `take(number)` hears a valid one, `restore()`
 * puts the former one back; Enter and Escape `leave()` the field.
 * @param {object} field
 * @param {string} field.testid
 * @param {string} field.label
 * @param {{ min: number, max: number, step: number }} field.range
 * @param {(number: number) => void} field.take
 * @param {() => void} field.restore
 * @param {() => void} field.leave
 */
export function numberField({ testid, label, range, take, restore, leave }) {
  const input = h("input", {
    type: "number",
    "data-testid": testid,
    "aria-label": label,
    title: label,
    ...range,
    onchange: () => {
      if (input.checkValidity() && input.value !== "") take(Number(input.value));
      else restore();
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        input.blur();
        leave();
        event.stopPropagation();
      }
    },
  });
  return input;
}
