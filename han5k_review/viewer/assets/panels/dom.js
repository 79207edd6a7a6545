// @ts-check
// The few DOM words the panels are written in.

/** Where a key is text. */
export const TYPING = "input:not([type=range]), textarea, select, [contenteditable]";

/** @typedef {Record<string, any> | null} Attributes `on...` is a listener; null, undefined and false leave it out. */
/** @typedef {Node | string | null | undefined} Child */

/**
 * @template {Element} Tag
 * @param {Tag} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
const apply = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

/**
 * h("button", { class: "key", onclick }, "text")
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} attributes
 * @param {Child[]} children
 */
export function h(tag, attributes, ...children) {
  return apply(document.createElement(tag), attributes, children);
}

/**
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {Child[]} children
 */
export function svg(tag, attributes = null, ...children) {
  return apply(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/**
 * A 16-pixel line icon from path data.
 * @param {string} path
 */
export function icon(path, colour = "currentColor") {
  return svg(
    "svg",
    { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", {
      d: path,
      fill: "none",
      stroke: colour,
      "stroke-width": "1.7",
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );
}

/**
 * Sets text only when it differs, so that nothing is laid out for nothing.
 * @param {Node | null} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

/**
 * Writes a style only when it differs, for the same reason.
 * @param {HTMLElement | SVGElement} element
 * @param {"display" | "transform" | "width"} name
 * @param {string} value
 */
export function setStyle(element, name, value) {
  if (element.style[name] !== value) element.style[name] = value;
}

/**
 * @param {Element} button
 * @param {unknown} on
 */
export function press(button, on) {
  const word = on ? "true" : "false";
  if (button.getAttribute("aria-pressed") !== word) button.setAttribute("aria-pressed", word);
}

/**
 * Calls `after` when a dialog has closed. A busy browser tells of it late: not when the dialog is open
 * again by then, nor when a field that is typed in has the focus already.
 * @param {HTMLDialogElement} dialog
 * @param {() => void} after
 */
export function onClosed(dialog, after) {
  dialog.addEventListener("close", () => {
    const root = dialog.getRootNode();
    const isTyping =
      (root instanceof Document || root instanceof ShadowRoot) && root.activeElement?.matches(TYPING);
    if (!dialog.open && !isTyping) after();
  });
}

/**
 * What `getContext("2d")` gave; a browser out of memory gives null, and then nothing can be drawn.
 * @template Context
 * @param {Context | null} context
 * @returns {Context}
 */
export function canvas2d(context) {
  if (context === null)
    throw new Error("A canvas to draw on was expected; the browser gave none: close other tabs.");
  return context;
}
