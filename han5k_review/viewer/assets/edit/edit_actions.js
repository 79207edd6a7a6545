// @ts-check
// What the actions of the key table's Edit part do.

import { toggleHuLimit } from "./hu_limit.js";
import { applyTool } from "./slice_tools.js";
import { DRAWING } from "./tools.js";

/** @import { Editor } from "./editor.js" */
/** @import { PromptKind } from "./prompt_strokes.js" */
/** @import { Settling } from "./settling.js" */

const AT_ONCE = [
  "fill-holes",
  "islands",
  "grow",
  "shrink",
  "smooth",
  "revert",
  "copy-below",
  "copy-above",
  "fill-between",
];

/**
 * action -> function(); outside editing only `edit` does something.
 * @param {Editor} editor
 * @param {Settling} settling
 */
export function buildEditActions(editor, settling) {
  const { options } = editor;
  /** @param {() => unknown} act */
  const editing = (act) => () => {
    if (editor.active) act();
  };
  return {
    edit: () => settling.toggle(),
    "take-over": () => editor.enter(true),
    ...Object.fromEntries(DRAWING.map((tool) => [tool, editing(() => editor.set({ tool }))])),
    ...Object.fromEntries(AT_ONCE.map((tool) => [tool, editing(() => applyTool(editor, tool))])),
    "brush-smaller": editing(() => editor.resize(-1)),
    "brush-larger": editing(() => editor.resize(1)),
    ball: editing(() => editor.set({ ball: !options.ball })),
    "hu-limit": editing(() => toggleHuLimit(editor)),
    whole: editing(() => editor.set({ whole: !options.whole })),
    "close-polygon": editing(() => editor.smart.marks.decide(true) || editor.pointer.closePolygon()),
    "seed-in": editing(() => editor.smart.takeSeed("seed-in")),
    "seed-out": editing(() => editor.smart.takeSeed("seed-out")),
    "seeds-grow": editing(() => editor.smart.grow()),
    snap: editing(() => editor.smart.snap()),
    follow: editing(() => editor.smart.follow()),
    "drop-proposal": editing(() => editor.smart.marks.decide(false)),
    "smooth-volume": editing(() => editor.smart.smooth()),
    prompt: (/** @type {PromptKind | undefined} */ kind) => editor.active && editor.prompts.take(kind),
    "submit-edit": editing(() => settling.submit()),
  };
}
