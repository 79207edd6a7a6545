// What a pressed key does.

import { actionOf, keyName } from "./pure/keymap.js";

/** A key anywhere on the page; true when it was ours. Keys typed into a field are not. */
export function takeKey(workspace, event) {
  const [target] = event.composedPath();
  const typing = target.matches?.("input:not([type=range]), textarea, select, [contenteditable]");
  const key = keyName(event);
  if (key === null || typing) return false;
  if ((key === "Space" || key === "Enter") && target.matches?.("button:focus-visible")) return false;
  if (workspace.help.root.open && key !== "?" && key !== "Escape") return false;
  if (workspace.gradePanel.takeKey(key)) return true;
  const grades = workspace.data.scale.grades;
  const action = actionOf(
    key,
    grades.map((grade) => grade.key),
  );
  if (!action) return false;
  if (event.repeat && !/^(slice|brush-|undo|redo)/.test(action)) return true;
  if (workspace.gradePanel.tagging && action !== "tags") workspace.gradePanel.leaveTags();
  workspace.act(action, action === "grade" ? grades.find((grade) => grade.key === key).code : undefined);
  return true;
}
