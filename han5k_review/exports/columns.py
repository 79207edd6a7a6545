"""Column, Sheet and Table: a column is its dictionary entry and the way its value is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from han5k_review.store.columns import format_utc

R = TypeVar("R")
Cell = str | int | float | bool | None


class Kind(StrEnum):
    """What a column holds; a cell without a value is empty in each of them."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[R]):
    """One column of a sheet: its entry in the data dictionary, and `read`, which fills it.

    `name` heads the column in CSV, `title` (with the unit) in XLSX. `source` says where the value
    comes from. Values of kind TIME are read as datetimes and written as UTC in ISO 8601.
    """

    name: str
    title: str
    kind: Kind
    unit: str = ""
    description: str
    source: str
    read: Callable[[R], object]

    @property
    def heading(self) -> str:
        """The title with its unit, e.g. `HD95 (mm)`."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


def column(
    name: str,
    title: str,
    kind: Kind,
    source: str,
    description: str,
    read: Callable[[R], object],
    unit: str = "",
) -> Column[R]:
    """A column in one line, for the tables that list many."""
    return Column(
        name=name,
        title=title,
        kind=kind,
        unit=unit,
        description=description,
        source=source,
        read=read,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet(Generic[R]):
    """One sheet: `key` names its CSV file, `title` its tab; one row stands for one `row`."""

    key: str
    title: str
    row: str
    columns: tuple[Column[R], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A sheet with its rows; each row has one cell per column, None where it is empty."""

    key: str
    title: str
    names: tuple[str, ...]
    headings: tuple[str, ...]
    kinds: tuple[Kind, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def build_table(sheet: Sheet[R], rows: Iterable[R]) -> Table:
    """Read every column of `sheet` from every row."""
    return Table(
        key=sheet.key,
        title=sheet.title,
        names=tuple(column.name for column in sheet.columns),
        headings=tuple(column.heading for column in sheet.columns),
        kinds=tuple(column.kind for column in sheet.columns),
        units=tuple(column.unit for column in sheet.columns),
        rows=tuple(
            tuple(_settle(column.kind, column.read(row)) for column in sheet.columns)
            for row in rows
        ),
    )


def format_time(at_utc: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, e.g. `2026-05-04T12:00:00.000Z`."""
    return format_utc(at_utc, "milliseconds")


def _settle(kind: Kind, value: object) -> Cell:
    """The cell of a value: undefined and infinite numbers are empty (other columns say why)."""
    if value is None:
        return None
    if kind is Kind.TEXT:
        return str(value) or None
    if kind is Kind.BOOLEAN and isinstance(value, bool):
        return value
    if kind is Kind.TIME and isinstance(value, datetime):
        return format_time(value)
    if kind is Kind.INTEGER and isinstance(value, int):
        return int(value)
    if kind is Kind.NUMBER and isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    raise TypeError(f"a value of kind {kind} was expected, found {value!r}")
