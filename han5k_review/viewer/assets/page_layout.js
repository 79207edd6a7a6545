// @ts-check
// Where everything stands on the page of one case.

import { shortKey } from "./keyboard.js";
import { h } from "./panels/dom.js";

/** @import { Workspace } from "./workspace.js" */

/**
 * The root element with the workspace's stage and panels in it; hidden until there is a style sheet.
 * @param {Workspace} workspace
 */
export function arrangePage(workspace) {
  const {
    header,
    list,
    toolbar,
    banner,
    stage,
    bar,
    gradePanel,
    editPanel,
    display,
    help,
    unsaved,
    question,
    combine,
    solidPane,
    decision,
  } = workspace;
  return h(
    "div",
    {
      class: workspace.data.choice ? "workspace choice" : "workspace",
      "data-testid": "workspace",
      style: "visibility:hidden",
    },
    header.root,
    list.root,
    h(
      "main",
      { class: "middle" },
      toolbar.root,
      banner.root,
      stage.root,
      bar.root,
      solidPane.root,
      question.root,
    ),
    h(
      "aside",
      { class: "side", "aria-label": "Grade and display" },
      decision?.root,
      gradePanel.root,
      editPanel.root,
      display.root,
      gradePanel.alert,
    ),
    h(
      "footer",
      { class: "foot" },
      h("span", {}, "Research use only. Not a medical device."),
      h("span", { class: "keys-line" }, ...keysLine(workspace)),
      h("span", { class: "keys-line drawing" }, ...drawingKeysLine()),
    ),
    help.root,
    unsaved.root,
    combine.root,
  );
}

/** @param {string} action */
const key = (action) => h("span", { "data-key": action }, shortKey(action));

/** While a structure is edited. */
const drawingKeysLine = () => [
  ...["wheel slices   ", key("undo"), " undo   ", key("brush-smaller"), " ", key("brush-larger")],
  ...[" brush size   ", key("submit-edit"), " submit   ", key("edit"), " leave   ? all keys"],
];

/** @param {Workspace} workspace */
function keysLine({ grader, data }) {
  if (grader.readOnly)
    return [
      "wheel slices   ",
      key("next-structure"),
      " ",
      key("previous-structure"),
      " structures   ? all keys",
    ];
  if (data.manual)
    return [
      key("next-ungraded"),
      " next to draw   ",
      key("edit"),
      " draw it   ",
      key("submit-edit"),
      " submit   ? all keys",
    ];
  const grades = data.scale.grades.map((grade) => `${grade.key} ${grade.title.toLowerCase()}`).join("   ");
  return [key("next-ungraded"), ` next ${data.choice ? "open" : "ungraded"}   ? all keys   ${grades}`];
}
