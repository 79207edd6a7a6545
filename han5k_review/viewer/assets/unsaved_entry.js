// @ts-check
// What could not be stored is opened on its structure, with what was noted.

/** @import { UnsavedItem } from "./panels/unsaved_panel.js" */
/** @import { Workspace } from "./workspace.js" */

/**
 * @param {Workspace} workspace
 * @param {UnsavedItem & { name: string }} item
 */
export function openUnsaved(workspace, item) {
  if (workspace.reading.byName.has(item.name))
    workspace.actions.choose(item.name, () => openChosen(workspace, item));
}

/**
 * @param {Workspace} workspace
 * @param {UnsavedItem & { name: string }} item
 */
function openChosen(workspace, { kind, entry, name }) {
  if (kind === "strokes") {
    const { editor } = workspace;
    if (editor.active && editor.session.name !== name) editor.leave();
    if (!editor.active) workspace.act("edit");
    return;
  }
  workspace.grader.restore(entry);
  workspace.gradePanel.update(); // before the field has the focus, and is left alone
  if (entry.body.comment) workspace.gradePanel.comment.focus();
}
