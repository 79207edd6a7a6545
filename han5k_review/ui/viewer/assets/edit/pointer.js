// The reader's pointer while editing: strokes, hand-drawn lines, corners of a polygon, the ring.

import { EditOverlay } from "./overlay.js";
import { BrushStroke, isBrush, isPolygon, Outline, planeToFraction } from "./tools.js";

export class Pointer {
  constructor(editor) {
    this.editor = editor;
    this.overlays = new Map(editor.stage.views.map((view) => [view, new EditOverlay(view)]));
    this.stroke = this.outline = this.at = null;
  }

  /** A press on a view: what its moves do, or null when the press is not for editing. */
  press(view, start) {
    const { editor } = this;
    if (!editor.ready) return null;
    const { tool } = editor.options;
    editor.notice = "";
    if (isPolygon(tool)) {
      this.addCorner(view, start);
      return () => {};
    }
    this.stroke = isBrush(tool)
      ? new BrushStroke(editor.mask, view.plane, { ...editor.options, allowed: editor.allowed() })
      : new Outline(editor.mask, view.plane, view.index, tool);
    Object.assign(this.stroke, { view, tool, at: { plane: view.plane, index: view.index }, line: [] });
    const move = (_, event) => this.draw(view, event);
    move.end = () => this.finish();
    return move;
  }

  draw(view, event) {
    const { stroke, editor } = this;
    if (!stroke || view.index !== stroke.at.index) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      const { x, y } = editor.stage.at(view, one);
      const point = view.planePoint(x, y);
      stroke.add(this.fraction(view, point));
      if (!isBrush(stroke.tool)) stroke.line.push(point);
    }
    editor.mask.touch(view.plane);
    if (stroke.line.length) this.overlays.get(view).showLine(stroke.line);
    this.hover(view, editor.stage.at(view, event));
    editor.reading.change({}, "draft");
  }

  fraction(view, point) {
    const { shape, spacing } = this.editor.reading.volume;
    return planeToFraction(view.plane, point, view.index, shape, spacing);
  }

  /** The stroke ends: it becomes a step. */
  finish() {
    const { stroke } = this;
    if (!stroke) return;
    this.stroke = null;
    stroke.finish();
    this.overlays.get(stroke.view).showLine([]);
    this.editor.commit(stroke.tool, stroke.at.plane, stroke.at.index);
  }

  /** A second finger came: what the first one has drawn in this stroke is taken back. */
  cancel() {
    const { stroke, editor } = this;
    if (!stroke) {
      this.dropCorner();
      return;
    }
    this.stroke = null;
    this.overlays.get(stroke.view).showLine([]);
    const change = editor.mask.takeChange();
    if (change) editor.mask.applyChange(change);
    editor.changed();
  }

  addCorner(view, { x, y }) {
    const point = view.planePoint(x, y);
    if (this.outline && (this.outline.view !== view || this.outline.index !== view.index)) this.dropOutline();
    if (!this.outline) {
      const { mask, options } = this.editor;
      this.outline = Object.assign(new Outline(mask, view.plane, view.index, options.tool), {
        view,
        line: [],
      });
    }
    this.outline.add(this.fraction(view, point));
    this.outline.line.push(point);
    this.showOutline();
  }

  showOutline(...more) {
    this.overlays.get(this.outline.view).showLine([...this.outline.line, ...more]);
  }

  /** Undo while a polygon is drawn takes its last corner; true when there was one. */
  dropCorner() {
    if (!this.outline) return false;
    this.outline.points.pop();
    this.outline.line.pop();
    this.showOutline();
    if (!this.outline.points.length) this.outline = null;
    return true;
  }

  /** The polygon in hand goes; true when there was one. */
  dropOutline() {
    if (!this.outline) return false;
    this.overlays.get(this.outline.view).showLine([]);
    this.outline = null;
    return true;
  }

  closePolygon() {
    const { outline } = this;
    if (!this.editor.ready || !outline) return;
    outline.finish();
    this.dropOutline();
    this.editor.commit(outline.tool, outline.plane, outline.index);
  }

  /** The pointer is at a point of a view, or nowhere (null). */
  hover(view, at) {
    const { ready, options } = this.editor;
    this.at = at && { view, x: at.x, y: at.y };
    this.overlays.get(view).showRing(ready && at && isBrush(options.tool) ? at : null, options.sizeMm);
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
