// @ts-check
// What a change can be about, and which panels are updated by it (docs/viewer-code.md).

/**
 * @typedef {"structure" | "layers" | "cursor" | "camera" | "window" | "layout" | "size" | "tool" | "list"
 *   | "grades" | "save" | "edit" | "preferences" | "progress" | "picture" | "draft"} Topic
 */

/** What each panel shows: a change of one of these redraws it. */
export const PANELS_OF = /** @type {const} */ ({
  list: ["list", "structure", "layers", "grades"],
  gradePanel: ["structure", "grades", "save"],
  editPanel: ["edit", "structure"],
  display: ["layers", "structure", "window", "layout"],
  toolbar: ["layout", "tool", "camera", "layers", "preferences"],
  bar: ["cursor", "layers", "structure", "grades", "size", "progress"],
  header: ["grades", "save", "list"],
  unsaved: ["save", "edit", "list"],
  solidPane: ["structure", "layers"],
});

export const PANELS = /** @type {(keyof typeof PANELS_OF)[]} */ (Object.keys(PANELS_OF));
