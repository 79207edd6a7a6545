"""Column, Sheet and Table: a column is its dictionary entry and the way its value is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    rows: Sequence[tuple[Cell, ...]]


def format_time(at_utc: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, e.g. `2026-05-04T12:00:00.000Z`."""
    return format_utc(at_utc, "milliseconds")
