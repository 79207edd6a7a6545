// @ts-check
// The reader's pointer while editing: strokes, hand-drawn lines, corners of a polygon, the ring.

import { allowedVoxels } from "./hu_limit.js";
import { EditOverlay } from "./overlay.js";
import { isLine, isPrompt, PromptStroke } from "./prompt_strokes.js";
import { PushStroke, pushRadius } from "./pushing.js";
import { SEED_MM } from "./seeds.js";
import { BrushStroke, erasing, isBrush, isPolygon, isSeed, Outline, planeToFraction } from "./tools.js";

/** @import { PlaneView } from "../draw/plane_view.js" */
/** @import { Drag } from "../draw/drags.js" */
/** @import { ScreenPoint } from "../pure/cameras.js" */
/** @import { PlaneName, PlanePoint } from "../pure/geometry.js" */
/** @import { Editor } from "./editor.js" */
/** @import { SeedStroke } from "./seeds.js" */

/**
 * A gesture on one view; `line` is what is shown of it.
 * @typedef {{ view: PlaneView, plane: PlaneName, index: number, tool: string, line: PlanePoint[] }} Gesture
 * @typedef {BrushStroke | PushStroke | SeedStroke | Outline | PromptStroke} Drawing
 * @typedef {Gesture & { drawing: Drawing }} StrokeInHand
 * @typedef {Gesture & { drawing: Outline }} OutlineInHand
 */

export class Pointer {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.overlays = new Map(editor.stage.views.map((view) => [view, new EditOverlay(view)]));
    /** @type {StrokeInHand | null} */
    this.stroke = null;
    /** @type {OutlineInHand | null} the polygon, corner by corner */
    this.outline = null;
    /** @type {(ScreenPoint & { view: PlaneView }) | null} */
    this.at = null;
  }

  /**
   * A press on a view: what its moves do, or null when the press is not for editing. `isRight`: by the right
   * button, which erases, or prompts what does not belong.
   * @param {PlaneView} view
   * @param {ScreenPoint} start
   * @returns {Drag | null}
   */
  press(view, start, isRight = false) {
    const { editor } = this;
    const { mask, options } = editor;
    if (!editor.ready || !mask) return null;
    const tool = isRight ? erasing(options.tool) : options.tool;
    if (tool === null) return null;
    const { plane, index } = view;
    editor.notice = "";
    if (isPolygon(tool)) {
      this.addCorner(view, start);
      return () => {};
    }
    this.stroke = { drawing: this.begin(view, tool, isRight), view, plane, index, tool, line: [] };
    /** @type {Drag} */
    const move = (_, event) => this.draw(view, event);
    move.end = () => this.finish();
    return move;
  }

  /**
   * @param {PlaneView} view
   * @param {string} tool
   * @param {boolean} isRight
   */
  begin(view, tool, isRight) {
    const { mask, options, prompts } = this.editor;
    const { plane, index } = view;
    if (!mask) throw new Error("A contour in hand was expected while drawing.");
    if (isPrompt(tool)) return prompts.begin(view, isRight);
    if (isSeed(tool)) return this.editor.smart.marks.beginSeed(tool, plane);
    if (tool === "push") return new PushStroke(mask, plane, options);
    if (!isBrush(tool)) return new Outline(mask, plane, index, tool);
    return new BrushStroke(mask, plane, { ...options, tool, allowed: allowedVoxels(this.editor) });
  }

  /**
   * The diameter of the ring at a point: of the brush, or of the disc that would push from there.
   * @param {PlaneView} view
   * @param {ScreenPoint} at
   */
  ringMm(view, { x, y }) {
    const { mask, options } = this.editor;
    if (isSeed(options.tool) || isPrompt(options.tool)) return SEED_MM;
    if (this.stroke?.drawing instanceof PushStroke) return 2 * this.stroke.drawing.radiusMm;
    if (options.tool !== "push" || this.stroke || !mask) return options.sizeMm;
    return 2 * pushRadius(mask, view.plane, this.fraction(view, view.planePoint(x, y)), options);
  }

  /**
   * @param {PlaneView} view
   * @param {PointerEvent} event
   */
  draw(view, event) {
    const { stroke, editor } = this;
    if (!stroke || view.index !== stroke.index) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      const { x, y } = editor.stage.at(view, one);
      const point = view.planePoint(x, y);
      stroke.drawing.add(this.fraction(view, point));
      if (!isBrush(stroke.tool)) stroke.line.push(point);
    }
    editor.mask?.touch(view.plane);
    if (stroke.drawing instanceof PromptStroke)
      this.showLine(view, stroke.drawing.outline(stroke.line), stroke.drawing.colour);
    else if (stroke.line.length) this.showLine(view, stroke.line);
    this.hover(view, editor.stage.at(view, event));
    editor.reading.change({}, "draft");
  }

  /**
   * @param {PlaneView} view
   * @param {PlanePoint} point
   */
  fraction(view, point) {
    const { volume } = this.editor.reading;
    if (!volume) throw new Error("A loaded CT was expected while drawing.");
    return planeToFraction(view.plane, point, view.index, volume.shape, volume.spacing);
  }

  /** The stroke ends: it becomes a step. */
  finish() {
    const { stroke } = this;
    if (!stroke) return;
    this.stroke = null;
    stroke.drawing.finish();
    this.showLine(stroke.view, []);
    if (isSeed(stroke.tool)) this.editor.smart.marks.keepSeed();
    else if (stroke.drawing instanceof PromptStroke) this.editor.prompts.ask(stroke.drawing);
    else this.editor.commit(stroke.tool, stroke.plane, stroke.index);
  }

  /** A second finger came: what the first one has drawn in this stroke is taken back. */
  cancel() {
    const { stroke, editor } = this;
    if (!stroke) {
      this.dropCorner();
      return;
    }
    this.stroke = null;
    this.showLine(stroke.view, []);
    if (isSeed(stroke.tool)) {
      editor.smart.marks.keepSeed();
      editor.smart.marks.dropSeed();
    }
    const change = editor.mask?.takeChange();
    if (change) editor.mask?.applyChange(change);
    editor.changed();
  }

  /**
   * @param {PlaneView} view
   * @param {ScreenPoint} at
   */
  addCorner(view, { x, y }) {
    const { mask, options } = this.editor;
    const { plane, index } = view;
    const { tool } = options;
    const point = view.planePoint(x, y);
    if (this.outline && (this.outline.view !== view || this.outline.index !== index)) this.dropOutline();
    if (!this.outline && mask)
      this.outline = { drawing: new Outline(mask, plane, index, tool), view, plane, index, tool, line: [] };
    this.outline?.drawing.add(this.fraction(view, point));
    this.outline?.line.push(point);
    this.showOutline();
  }

  /**
   * @param {PlaneView} view
   * @param {PlanePoint[]} line
   */
  showLine(view, line, colour = "") {
    this.overlays.get(view)?.showLine(line, colour);
  }

  /** @param {PlanePoint[]} more */
  showOutline(...more) {
    if (this.outline) this.showLine(this.outline.view, [...this.outline.line, ...more]);
  }

  /** Undo while a polygon is drawn takes its last corner; true when there was one. */
  dropCorner() {
    if (!this.outline) return false;
    this.outline.drawing.points.pop();
    this.outline.line.pop();
    this.showOutline();
    if (!this.outline.line.length) this.outline = null;
    return true;
  }

  /** The polygon in hand goes; true when there was one. */
  dropOutline() {
    if (!this.outline) return false;
    this.showLine(this.outline.view, []);
    this.outline = null;
    return true;
  }

  closePolygon() {
    const { outline } = this;
    if (!this.editor.ready || !outline) return;
    outline.drawing.finish();
    this.dropOutline();
    this.editor.commit(outline.tool, outline.plane, outline.index);
  }

  /**
   * The pointer is at a point of a view, or nowhere (null).
   * @param {PlaneView} view
   * @param {ScreenPoint | null} at
   */
  hover(view, at) {
    const { ready, options } = this.editor;
    this.at = at && { view, x: at.x, y: at.y };
    const ring = ready && (isBrush(options.tool) || isLine(options.tool)) ? at : null;
    this.overlays.get(view)?.showRing(ring, ring ? this.ringMm(view, ring) : 0);
    if (!at || this.outline?.view !== view) return;
    if (this.outline.index === view.index) this.showOutline(view.planePoint(at.x, at.y));
    else this.dropOutline();
  }

  /** The size or the tool changed under a resting pointer. */
  again() {
    if (this.at) this.hover(this.at.view, this.at);
  }

  drop() {
    this.stroke = this.outline = null;
    for (const overlay of this.overlays.values()) overlay.clear();
  }
}
