// @ts-check
// A row of the structure list: its swatch, its name, and the marks beside it.

import { tooltip } from "../pure/keymap.js";
import { h, icon } from "./dom.js";

/** @import { ViewerStructure } from "../pure/payload.js" */
/** @import { Act } from "../workspace_parts.js" */
/** @typedef {ReturnType<typeof makeRow>} Row */

const WARNING = "M8 2 14.5 13.5H1.5zM8 6.5v3.2M8 11.6v.1";

/**
 * @param {ViewerStructure} structure
 * @param {Act} act
 */
export function makeRow(structure, act) {
  // A narrow list cuts the stem: the side, or the part, is always read.
  const [, stem, side] = /^(.*?)(_?[LR]|_[SMI]|)$/.exec(structure.name) ?? ["", structure.name, ""];
  const mark = h("span", { class: "mark" });
  const warned = structure.warnings?.length
    ? h(
        "span",
        {
          class: "warned",
          title: structure.warnings.join("\n"),
          "aria-label": `Warning: ${structure.warnings.join("; ")}`,
        },
        icon(WARNING),
      )
    : null;
  const stateMark = h("span", { class: "state-mark", role: "img", hidden: true });
  const eye = h("button", {
    class: "swatch",
    type: "button",
    tabindex: "-1",
    "aria-label": `Show ${structure.title}`,
    title: tooltip("visible"),
    onclick: (/** @type {MouseEvent} */ event) => {
      event.stopPropagation();
      act("visible", structure.name);
    },
  });
  const row = h(
    "div",
    {
      class: "row",
      role: "row",
      id: `structure-${structure.name}`,
      "data-testid": "structure",
      "data-structure": structure.name,
      title: structure.title,
      onclick: () => act("choose", structure.name),
    },
    h("span", { class: "cell", role: "gridcell" }, eye),
    h(
      "span",
      { class: "cell", role: "gridcell" },
      h("span", { class: "name" }, h("span", {}, stem), side),
      warned,
      stateMark,
      mark,
      warned && h("span", { class: "reason" }, structure.warnings.join(" ")),
    ),
  );
  return { row, mark, eye, stateMark };
}
