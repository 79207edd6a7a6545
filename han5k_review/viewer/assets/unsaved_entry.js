// What could not be stored is opened on its structure, with what was noted.

/** `item`: { kind: "grade" or "strokes", entry, name } of the panel Not saved. */
export function mendUnsaved(workspace, { kind, entry, name }) {
  if (!workspace.reading.byName.has(name)) return;
  workspace.actions.choose(name, () => mend(workspace, { kind, entry, name }));
}

function mend(workspace, { kind, entry, name }) {
  if (kind === "strokes") {
    const { editor } = workspace;
    if (editor.active && editor.session.name !== name) editor.leave();
    if (!editor.active) workspace.act("edit");
    return;
  }
  workspace.grader.mend(entry);
  workspace.gradePanel.update(); // before the field has the focus, and is left alone
  if (entry.body.comment) workspace.gradePanel.enterComment();
}
