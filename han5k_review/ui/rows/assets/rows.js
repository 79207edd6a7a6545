// A table whose rows open: by a click anywhere in one, by Enter on its link. Arrows go from row to row.
//
// A click on a heading orders the list by its column; the page sorts, since it has all rows.
//
// Stable selectors (data-testid): rows (the table), row (data-key), sort (a heading's button).

/** What a key does with the place of the focus in a list of `count` rows; null: not ours. */
export function step(key, place, count) {
  const last = count - 1;
  if (key === "ArrowDown") return Math.min(place + 1, last);
  if (key === "ArrowUp") return Math.max(place - 1, 0);
  if (key === "Home") return 0;
  return key === "End" ? last : null;
}

const ARROWS = { none: "\u2195", ascending: "\u2191", descending: "\u2193" };

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function cellOf(text, column) {
  const cell = element("td", { className: column.kind });
  if (column.kind === "share" && text !== "") {
    const bar = element("span", { className: "bar" }, element("i"));
    bar.firstChild.style.width = `${Math.max(0, Math.min(100, Number(text)))}%`;
    cell.append(bar, ` ${text} %`);
  } else if (column.kind === "time") {
    for (const part of text.split(/ (.*)/, 2)) cell.append(element("span", {}, part), " ");
  } else cell.append(text);
  return cell;
}

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

function headingOf(column) {
  const arrow = element("span", { className: "arrow", ariaHidden: "true" }, ARROWS[column.sort]);
  const button = element("button", { type: "button", title: column.help }, column.title, arrow);
  button.dataset.testid = "sort";
  button.dataset.column = column.title;
  const heading = element("th", { scope: "col", className: column.kind }, button);
  heading.setAttribute("aria-sort", column.sort);
  return heading;
}

function tableOf({ label, columns, rows }) {
  const headings = columns.map(headingOf);
  const body = element("tbody", {}, ...rows.map((row) => rowOf(row, columns)));
  const table = element("table", {}, element("thead", {}, element("tr", {}, ...headings)), body);
  table.setAttribute("aria-label", label);
  table.dataset.testid = "rows";
  return table;
}

/** Streamlit calls this at the mount and at each rerun. */
export default function rows({ data, parentElement, setTriggerValue }) {
  const shown = JSON.stringify(data);
  let frame = parentElement.querySelector(".frame");
  if (frame?.shown !== shown) {
    const old = frame;
    frame = element("div", { className: "frame", shown }, tableOf(data));
    if (data.height) frame.style.maxHeight = `${data.height}px`;
    if (old) old.replaceWith(frame);
    else parentElement.append(frame);
  }
  frame.onclick = (event) => {
    const heading = event.target.closest("button");
    if (heading) {
      setTriggerValue("sort", heading.dataset.column);
      return;
    }
    const row = event.target.closest("tbody tr");
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
    const place = step(event.key, links.indexOf(event.target), links.length);
    if (place === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    links[place].focus();
  };
}
