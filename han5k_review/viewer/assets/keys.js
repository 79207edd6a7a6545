// @ts-check
// What a pressed key does.

import { TYPING } from "./panels/dom.js";
import { namesOf } from "./pure/keyboard.js";
import { actionOf, keysOf } from "./pure/keymap.js";

/** @import { ViewerScaleGrade } from "./pure/payload.js" */
/** @import { Workspace } from "./workspace.js" */

/**
 * A key anywhere on the page; true when it was ours. Keys typed into a field are not.
 * @param {Workspace} workspace
 * @param {KeyboardEvent} event
 */
export function takeKey(workspace, event) {
  const [target] = event.composedPath();
  const element = target instanceof HTMLElement ? target : null;
  if (element && (element.matches(TYPING) || element.isContentEditable)) return false;
  workspace.keyboard.learn(event);
  const names = namesOf(event, workspace.keyboard.layout);
  if (!names.length) return false;
  if (workspace.question.takeKey(names)) return true;
  if (!workspace.help.root.open && workspace.decision?.takeKey(names)) return true;
  if (workspace.help.takeKey(names)) return true;
  const isPress = names.includes("Space") || names.includes("Enter");
  if (isPress && element?.matches("button:focus-visible")) return false;
  const { help, unsaved, gradePanel } = workspace;
  if (workspace.combine.root.open && !names.includes("Escape")) return false;
  if (!help.root.open && !unsaved.root.open && names.some((name) => gradePanel.takeKey(name))) return true;
  const grades = workspace.data.scale.grades;
  const scaleKeys = grades.map((grade) => grade.key);
  const name = names.find((one) => actionOf(one, scaleKeys));
  const action = name === undefined ? null : actionOf(name, scaleKeys);
  if (name === undefined || action === null) return false;
  if (help.root.open && action !== "help" && action !== "leave") return false;
  if (unsaved.root.open && action !== "unsaved" && action !== "leave") return false;
  if (event.repeat && !/^(slice|brush-|undo|redo)/.test(action)) return true;
  if (gradePanel.tagging && action !== "tags") gradePanel.leaveTags();
  workspace.act(action, argumentOf(action, name, grades));
  return true;
}

/**
 * What an action with several keys is told by the one pressed: the grade, the place of the window.
 * @param {string} action
 * @param {string} name
 * @param {ViewerScaleGrade[]} grades
 */
function argumentOf(action, name, grades) {
  if (action === "grade") return grades.find((grade) => grade.key === name)?.code;
  return action === "window-direct" ? keysOf(action).indexOf(name) : undefined;
}
