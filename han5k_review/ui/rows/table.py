"""Rows that open: a table of words whose every row leads somewhere.

`st.dataframe` selects a row only by the box at its edge, so this is a component of its own: a plain
HTML table, its first cell a link. A click anywhere in a row opens it, arrows go from row to row; a
click on a heading orders the list by that column.

    order = find_order("worklist")
    shown = sort_rows(columns, rows, order)
    opened = show_rows(columns, shown, key="worklist", label="Cases", order=order)
    if opened is not None:
        go_to("review", assignment=opened)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import streamlit as st

from han5k_review.ui.rows.columns import Cell, Column, Kind, OpenRow
from han5k_review.ui.rows.order import Order, is_empty, keep_order, turn_order

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_NO_HEIGHT_LIMIT = 0


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("han5k-review.rows", js="rows.js", css="rows.css")


def show_rows(
    columns: Sequence[Column],
    rows: Sequence[OpenRow],
    *,
    key: str,
    label: str,
    order: Order | None = None,
    usual: Order | None = None,
    height: int = _NO_HEIGHT_LIMIT,
) -> str | None:
    """Show the rows; the key of the one that was opened in this rerun, or None.

    The rows come in the order `order`, which the heading shows; without a choice it is `usual`.
    `label` names the table for screen readers; above `height` pixels (0: no limit) it scrolls.
    """
    data = {
        "label": label,
        "height": height,
        "columns": [
            {
                "title": one.title,
                "kind": one.kind.value,
                "help": one.help,
                "sort": _say_direction(one, order),
            }
            for one in columns
        ],
        "rows": [
            {
                "key": row.key,
                "address": row.address,
                "alert": row.alert,
                "shown": row.is_shown,
                "cells": [
                    show_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True)
                ],
            }
            for row in rows
        ],
    }
    result = _component()(
        key=key,
        data=data,
        width="stretch",
        on_open_change=lambda: None,
        on_sort_change=partial(_turn, key, tuple(columns), order, usual),
    )
    opened = result.get("open")
    return opened if isinstance(opened, str) else None


def _turn(key: str, columns: Sequence[Column], present: Order | None, usual: Order | None) -> None:
    """A heading was clicked: called by Streamlit before the page runs again."""
    title = st.session_state[key].get("sort")
    for column in columns:
        if column.title == title:
            keep_order(key, turn_order(column, present, usual))


def _say_direction(column: Column, order: Order | None) -> str:
    """In the words of `aria-sort`."""
    if order is None or order.column != column.title:
        return "none"
    return "descending" if order.descending else "ascending"


def show_cell(cell: Cell, column: Column) -> str:
    """The cell as the table shows it; nothing for None and for undefined numbers."""
    if cell is None or is_empty(cell):
        return ""
    if isinstance(cell, str) or column.kind is Kind.TEXT:
        return str(cell)
    sign = "+" if column.signed else ""
    return f"{cell:{sign},.{column.decimals}f}"
