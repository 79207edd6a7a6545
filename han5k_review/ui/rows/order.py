"""By which column a list is ordered: its headings choose, and the choice stays for the visit.

    order = find_order("worklist")  # None: as the list comes
    rows = sort_rows(columns, rows, order)

A list that the database cuts into pages hands the order to its query instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from han5k_review.ui.rows.columns import Cell, Column, Kind, OpenRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The title of a column, and whether its largest cell comes first."""

    column: str
    descending: bool


def find_order(key: str, usual: Order | None = None) -> Order | None:
    """What the headings of the list `key` chose; `usual` until they chose anything."""
    found = st.session_state.get(_name(key), usual)
    return found if isinstance(found, Order) else None


def keep_order(key: str, order: Order | None) -> None:
    """Remember it for the list `key`; None goes back to the list's own order."""
    if order is None:
        st.session_state.pop(_name(key), None)
    else:
        st.session_state[_name(key)] = order


def turn_order(column: Column, present: Order | None, usual: Order | None = None) -> Order | None:
    """The order after a click on a heading: numbers and times the largest first, words from A on;
    a second click turns it round, a third one gives the usual order back."""
    falls = column.kind is not Kind.TEXT
    first = Order(column=column.title, descending=falls)
    second = Order(column=column.title, descending=not falls)
    turns = list(dict.fromkeys([first, second, usual]))
    if present is None or present.column != column.title:
        return first
    return turns[(turns.index(present) + 1) % len(turns)]


def sort_rows(
    columns: Sequence[Column], rows: Sequence[OpenRow], order: Order | None
) -> list[OpenRow]:
    """The rows by the cells of one column, those without a value last; equal ones stay in order."""
    if order is None:
        return list(rows)
    place = [column.title for column in columns].index(order.column)
    known = [row for row in rows if not is_empty(row.cells[place])]
    unknown = [row for row in rows if is_empty(row.cells[place])]
    known.sort(key=lambda row: _sort_key(row.cells[place]), reverse=order.descending)
    return [*known, *unknown]


def is_empty(cell: Cell) -> bool:
    """True for what the table shows as nothing."""
    return cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell))


def _sort_key(cell: Cell) -> tuple[str, float]:
    return (cell.casefold(), 0.0) if isinstance(cell, str) else ("", float(cell or 0))


def _name(key: str) -> str:
    return f"order-{key}"
