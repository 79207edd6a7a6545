// @ts-check
// What a change can be about, and which panels are updated by it (docs/viewer-code.md).

/**
 * @typedef {"structure" | "layers" | "cursor" | "camera" | "window" | "layout" | "size" | "tool" | "list"
 *   | "grades" | "save" | "edit" | "preferences" | "progress" | "picture" | "draft"} Topic
 */

export {};
