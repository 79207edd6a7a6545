// What a workspace is furnished with: the views, the editor, every panel, and the page they stand on.

import { buildActions } from "./actions.js";
import { Stage } from "./draw/stage.js";
import { CombinePanel } from "./edit/combine_panel.js";
import { EditPanel } from "./edit/edit_panel.js";
import { Editor } from "./edit/editor.js";
import { OpenDrafts } from "./edit/open_drafts.js";
import { Settling } from "./edit/settling.js";
import { Keyboard, rewriteKeys } from "./keyboard.js";
import { sayFinished } from "./list_actions.js";
import { arrangePage } from "./page_layout.js";
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
import { mendUnsaved } from "./unsaved_entry.js";

/** Makes the parts of a workspace that has its reading and its grader. */
export function furnish(workspace) {
  workspace.keyboard = new Keyboard(browserStore(), workspace.data.account ?? null, (before) => {
    if (workspace.root) rewriteKeys(workspace, before);
  });
  const act = (action, argument) => workspace.act(action, argument);
  const focus = () => workspace.stage.focus();
  const tell = (...what) => workspace.redraw(...what);
  const { reading, grader, data } = workspace;
  const parts = { reading, grader, data, act, focus, tell, signIn: () => workspace.trigger("sign_in") };
  workspace.stage = new Stage(reading, act);
  workspace.editor = new Editor({
    data,
    reading,
    stage: workspace.stage,
    store: browserStore(),
    tell,
    submitted: (name, answer, isGraded) => {
      if (isGraded) grader.accept(name, answer);
      showRevision(workspace, name, answer.label_version);
    },
    readOnly: data.addresses.drafts === null,
  });
  workspace.stage.editor = workspace.editor;
  workspace.openDrafts = new OpenDrafts(workspace.editor.session);
  workspace.question = new Question(focus);
  workspace.settling = new Settling(workspace);
  grader.question = (name, check) => workspace.settling.askAfterwards(name, check);
  grader.finished = () => sayFinished(workspace);
  workspace.sight = new Sight((name) => {
    workspace.root.dataset.inSight = name;
  });
  workspace.editPanel = new EditPanel({ ...parts, editor: workspace.editor });
  workspace.combine = new CombinePanel({ ...parts, editor: workspace.editor });
  workspace.unsaved = new UnsavedPanel({
    ...parts,
    editor: workspace.editor,
    mending: (item) => mendUnsaved(workspace, item),
  });
  workspace.header = new Header({ ...parts, unsaved: workspace.unsaved });
  workspace.list = new StructureList({ ...parts, states: workspace.editor.states });
  workspace.gradePanel = new GradePanel(parts);
  workspace.display = new DisplayPanel(parts);
  if (workspace.display.dose) workspace.stage.main.root.append(workspace.display.dose.legend);
  workspace.toolbar = new Toolbar(parts);
  workspace.bar = new SliceBar(parts);
  workspace.solidPane = new SolidPane(parts);
  workspace.help = new Help({ scale: data.scale, focus, keyboard: workspace.keyboard });
  workspace.actions = buildActions(workspace);
  workspace.banner = new Banner(() => workspace.tryAgain());
  workspace.root = arrangePage(workspace);
  workspace.root.addEventListener("pointerup", (event) => workspace.giveFocusBack(event));
  workspace.sizes = new ResizeObserver(() => workspace.redraw("size"));
  workspace.sizes.observe(workspace.stage.root);
}
