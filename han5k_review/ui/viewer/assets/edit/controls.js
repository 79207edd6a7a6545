// The buttons and number fields that the edit panel is made of.

import { shortKey } from "../keyboard.js";
import { h } from "../panels/dom.js";
import { tooltip } from "../pure/keymap.js";

/** A button that does `action` of the key table and shows its key. */
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

/** A button without a key; afterwards `focus()` gives the keys back to the picture. */
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
 */
export function numberField({ testid, label, range, take, restore, leave }) {
  return h("input", {
    type: "number",
    "data-testid": testid,
    "aria-label": label,
    title: label,
    ...range,
    onchange: (event) => {
      if (event.target.checkValidity() && event.target.value !== "") take(Number(event.target.value));
      else restore();
    },
    onkeydown: (event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        event.target.blur();
        leave();
        event.stopPropagation();
      }
    },
  });
}
