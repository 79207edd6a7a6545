"""Rows that open: a table of words whose every row leads somewhere.

`st.dataframe` selects a row only by the box at its edge, so this is a component of its own: a plain
HTML table, its first cell a link. A click anywhere in a row opens it, arrows go from row to row.

    opened = show_rows(columns, rows, key="worklist", label="Cases")
    if opened is not None:
        go_to("review", assignment=opened)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

Cell = str | float | int | None
_NO_HEIGHT_LIMIT = 0


class Kind(StrEnum):
    """How the cells of a column look: words, a number on the right, a share of 100 with a bar."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading; numbers have `decimals`, `help` shows when the pointer rests on the heading."""

    title: str
    kind: Kind = Kind.TEXT
    decimals: int = 0
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """One row: `key` is given back when it is opened, `address` is where its link leads.

    `alert` shows it in red.
    """

    key: str
    address: str
    cells: Sequence[Cell]
    alert: bool = False


@cache
def _component() -> ComponentRenderer:
    return st.components.v2.component("han5k-review.rows", js="rows.js", css="rows.css")


def show_rows(
    columns: Sequence[Column],
    rows: Sequence[OpenRow],
    *,
    key: str,
    label: str,
    height: int = _NO_HEIGHT_LIMIT,
) -> str | None:
    """Show the rows; the key of the one that was opened in this rerun, or None.

    `label` names the table for screen readers; above `height` pixels (0: no limit) it scrolls.
    """
    data = {
        "label": label,
        "height": height,
        "columns": [
            {"title": one.title, "kind": one.kind.value, "help": one.help} for one in columns
        ],
        "rows": [
            {
                "key": row.key,
                "address": row.address,
                "alert": row.alert,
                "cells": [
                    show_cell(cell, column) for cell, column in zip(row.cells, columns, strict=True)
                ],
            }
            for row in rows
        ],
    }
    result = _component()(key=key, data=data, width="stretch", on_open_change=lambda: None)
    opened = result.get("open")
    return opened if isinstance(opened, str) else None


def show_cell(cell: Cell, column: Column) -> str:
    """The cell as the table shows it; nothing for None and for undefined numbers."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    if isinstance(cell, str) or column.kind is Kind.TEXT:
        return str(cell)
    return f"{cell:,.{column.decimals}f}"
