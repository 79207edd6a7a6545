// @ts-check
// A table whose rows open: by a click anywhere in one, by Enter on its link. Arrows go from row to row.
//
// A click on a heading orders the list by its column; the page sorts, since it has all rows.
//
// Stable selectors (data-testid): rows (the table), row (data-key), sort (a heading's button).

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {string} help
 * @property {string} kind "share" is shown with a bar, "time" in two parts
 * @property {string} sort none, ascending or descending
 *
 * @typedef {{ key: string, cells: string[], address: string, alert: boolean, shown: boolean }} Row
 * @typedef {{ label: string, columns: Column[], rows: Row[], height?: number | null }} Table
 */

/**
 * What a key does with the place of the focus in a list of `count` rows; null: not ours.
 * @param {string} key
 * @param {number} place
 * @param {number} count
 */
export function step(key, place, count) {
  const last = count - 1;
  if (key === "ArrowDown") return Math.min(place + 1, last);
  if (key === "ArrowUp") return Math.max(place - 1, 0);
  if (key === "Home") return 0;
  return key === "End" ? last : null;
}

/** @type {Record<string, string>} */
const ARROWS = { none: "\u2195", ascending: "\u2191", descending: "\u2193" };

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} properties
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/**
 * @param {string} text
 * @param {Column} column
 */
function cellOf(text, column) {
  const cell = element("td", { className: column.kind });
  if (column.kind === "share" && text !== "") {
    const fill = element("i");
    const bar = element("span", { className: "bar" }, fill);
    fill.style.width = `${Math.max(0, Math.min(100, Number(text)))}%`;
    cell.append(bar, ` ${text} %`);
  } else if (column.kind === "time") {
    for (const part of text.split(/ (.*)/, 2)) cell.append(element("span", {}, part), " ");
  } else cell.append(text);
  return cell;
}

/**
 * @param {Row} row
 * @param {Column[]} columns
 */
function rowOf(row, columns) {
  const cells = row.cells.map((text, place) => cellOf(text, columns[place]));
  const link = element("a", { href: row.address, target: "_self", draggable: false }, row.cells[0]);
  cells[0].replaceChildren(link);
  const made = element("tr", { className: row.alert ? "alert" : "" }, ...cells);
  made.dataset.testid = "row";
  made.dataset.key = row.key;
  if (row.shown) made.setAttribute("aria-current", "true");
  return made;
}

/** @param {Column} column */
function headingOf(column) {
  const arrow = element("span", { className: "arrow", ariaHidden: "true" }, ARROWS[column.sort]);
  const button = element("button", { type: "button", title: column.help }, column.title, arrow);
  button.dataset.testid = "sort";
  button.dataset.column = column.title;
  const heading = element("th", { scope: "col", className: column.kind }, button);
  heading.setAttribute("aria-sort", column.sort);
  return heading;
}

/** @param {Table} table */
function tableOf({ label, columns, rows }) {
  const headings = columns.map(headingOf);
  const body = element("tbody", {}, ...rows.map((row) => rowOf(row, columns)));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...headings)), body);
  table.setAttribute("aria-label", label);
  table.dataset.testid = "rows";
  return table;
}

/** @type {WeakMap<Element, string>} frame -> the table in it, as JSON */
const tables = new WeakMap();

/**
 * Streamlit calls this at the mount and at each rerun.
 * @param {{ data: Table, parentElement: HTMLElement,
 *   setTriggerValue: (name: string, value: string | undefined) => void }} component
 */
export default function rows({ data, parentElement, setTriggerValue }) {
  const shown = JSON.stringify(data);
  /** @type {HTMLElement | null} */
  const old = parentElement.querySelector(".frame");
  const isShown = old !== null && tables.get(old) === shown;
  const frame = isShown ? old : element("div", { className: "frame" }, tableOf(data));
  if (!isShown) {
    tables.set(frame, shown);
    if (data.height) frame.style.maxHeight = `${data.height}px`;
    if (old) old.replaceWith(frame);
    else parentElement.append(frame);
  }
  frame.onclick = (event) => {
    const { target } = event;
    const heading = target instanceof Element ? target.closest("button") : null;
    if (heading) {
      setTriggerValue("sort", heading.dataset.column);
      return;
    }
    /** @type {HTMLElement | null} */
    const row = target instanceof Element ? target.closest("tbody tr") : null;
    // A new tab or window was asked for, or words were marked: the browser's own business.
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (String(globalThis.getSelection?.() ?? "")) return;
    event.preventDefault();
    setTriggerValue("open", row.dataset.key);
  };
  frame.onkeydown = (event) => {
    // Enter belongs to the row that has the focus, not to a button of the page with that shortcut.
    if (event.key === "Enter") event.stopPropagation();
    const links = [...frame.querySelectorAll("a")];
    const place = step(
      event.key,
      links.indexOf(/** @type {HTMLAnchorElement} */ (event.target)),
      links.length,
    );
    if (place === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    links[place].focus();
  };
}
