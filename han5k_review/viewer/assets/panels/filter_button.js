// @ts-check
// Says which structures the list shows, and brings the others.

import { shortKey } from "../keyboard.js";
import { ALL, listFilters } from "../pure/filters.js";
import { tooltip } from "../pure/keymap.js";
import { h, setText } from "./dom.js";

export class FilterButton {
  /**
   * @param {{ reading: import("../reading.js").Reading,
   *   grader: { grades: Parameters<typeof listFilters>[1], total: number },
   *   act: (action: string) => void }} workspace
   */
  constructor({ reading, grader, act }) {
    this.reading = reading;
    this.grader = grader;
    this.root = h(
      "button",
      {
        class: "quiet wide filter",
        type: "button",
        "data-action": "filter",
        "data-testid": "filter",
        title: tooltip("filter"),
        onclick: () => act("filter"),
      },
      h("kbd", { "data-key": "filter" }, shortKey("filter")),
      " ",
    );
  }

  update() {
    const { reading, grader } = this;
    const { filter } = reading.state;
    const filters = listFilters(reading.structures, grader.grades);
    const { words, count } = filters.find(({ id }) => id === filter) ?? filters[0];
    setText(this.root.lastChild, ` ${words}: ${count}${filter === ALL ? "" : ` of ${grader.total}`}`);
    this.root.classList.toggle("chosen", filter !== ALL);
  }
}
