// @ts-check
// The parts of a workspace: the views, the editor, every panel, and the page they stand on.

import { Stage } from "./draw/stage.js";
import { CombinePanel } from "./edit/combine_panel.js";
import { EditPanel } from "./edit/edit_panel.js";
import { Editor } from "./edit/editor.js";
import { OpenDrafts } from "./edit/open_drafts.js";
import { Settling } from "./edit/settling.js";
import { Keyboard, rewriteKeys } from "./keyboard.js";
import { sayFinished } from "./list_actions.js";
import { Banner } from "./panels/banner.js";
import { DisplayPanel } from "./panels/display_panel.js";
import { GradePanel } from "./panels/grade_panel.js";
import { Header } from "./panels/header.js";
import { Help } from "./panels/help.js";
import { StructureList } from "./panels/list.js";
import { Question } from "./panels/question.js";
import { SliceBar } from "./panels/slice_bar.js";
import { SolidPane } from "./panels/solid_pane.js";
import { Toolbar } from "./panels/toolbar.js";
import { UnsavedPanel } from "./panels/unsaved_panel.js";
import { browserStore } from "./preferences.js";
import { showRevision } from "./revision_shown.js";
import { Sight } from "./sight.js";
import { openUnsaved } from "./unsaved_entry.js";

/** @import { Grader } from "./grader.js" */
/** @import { ViewerPayload } from "./pure/payload.js" */
/** @import { Reading } from "./reading.js" */
/** @import { Topic } from "./topics.js" */
/** @import { Workspace } from "./workspace.js" */

/** @typedef {(action: string, argument?: any) => void} Act does what the key table calls `action` */
/** @typedef {(...what: Topic[]) => void} Tell redraws what shows these topics */

/**
 * What every panel is made with.
 * @typedef {object} PanelParts
 * @property {Reading} reading
 * @property {Grader} grader
 * @property {ViewerPayload} data
 * @property {Act} act
 * @property {() => void} focus gives the keys back to the picture
 * @property {Tell} tell
 * @property {() => void} signIn
 */

/**
 * Makes the parts of a workspace that has its reading and its grader.
 * @param {Workspace} workspace
 */
export function buildParts(workspace) {
  const keyboard = new Keyboard(browserStore(), workspace.data.account ?? null, (before) => {
    if (workspace.root) rewriteKeys(workspace, before);
  });
  /** @type {Act} */
  const act = (action, argument) => workspace.act(action, argument);
  const focus = () => workspace.stage.focus();
  /** @type {Tell} */
  const tell = (...what) => workspace.redraw(...what);
  const { reading, grader, data } = workspace;
  /** @type {PanelParts} */
  const parts = { reading, grader, data, act, focus, tell, signIn: () => workspace.trigger("sign_in") };
  const stage = new Stage(reading, act);
  const editor = new Editor({
    data,
    reading,
    stage,
    store: browserStore(),
    tell,
    submitted: (name, answer, isGraded) => {
      if (isGraded || data.manual) grader.accept(name, answer);
      showRevision(workspace, name, answer.label_version);
    },
    readOnly: data.addresses.drafts === null,
  });
  stage.editor = editor;
  const settling = new Settling(workspace);
  grader.question = (name, check) => settling.askAfterwards(name, check);
  grader.finished = () => sayFinished(workspace);
  const unsaved = new UnsavedPanel({ ...parts, editor, openHere: (item) => openUnsaved(workspace, item) });
  const display = new DisplayPanel(parts);
  if (display.dose) stage.main.root.append(display.dose.legend);
  return {
    keyboard,
    stage,
    editor,
    settling,
    unsaved,
    openDrafts: new OpenDrafts(editor.session),
    question: new Question(focus),
    sight: new Sight((name) => {
      workspace.root.dataset.inSight = name;
    }),
    editPanel: new EditPanel({ ...parts, editor }),
    combine: new CombinePanel({ ...parts, editor }),
    header: new Header({ ...parts, unsaved }),
    list: new StructureList({ ...parts, states: editor.states }),
    gradePanel: new GradePanel(parts),
    display,
    toolbar: new Toolbar(parts),
    bar: new SliceBar(parts),
    solidPane: new SolidPane(parts),
    help: new Help({ scale: data.scale, focus, keyboard }),
    banner: new Banner(() => workspace.tryAgain()),
  };
}
