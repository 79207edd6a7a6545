"""What a table whose rows open is made of: its columns, and rows of cells."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Cell = str | float | int | None


class Kind(StrEnum):
    """How the cells of a column look: words, a number on the right, a share of 100 with a bar, a
    time whose day and hour may stand in two lines."""

    TEXT = "text"
    NUMBER = "number"
    SHARE = "share"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A heading, with `help` for who rests the pointer on it; numbers have `decimals`, changes are
    `signed`."""

    title: str
    kind: Kind = Kind.TEXT
    decimals: int = 0
    signed: bool = False
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """One row: `key` is given back when it is opened, `address` is where its link leads.

    `alert` shows it in red; `is_shown` marks the row whose content stands below the table.
    """

    key: str
    address: str
    cells: Sequence[Cell]
    alert: bool = False
    is_shown: bool = False


def list_rows(
    frame: Mapping[Hashable, Sequence[Cell]], addresses: Sequence[str], shown: int | None = None
) -> list[OpenRow]:
    """Rows of columns of cells (title -> cells); the key of a row is its place.

    `shown` is the place of the row whose content stands below the table.
    """
    return [
        OpenRow(key=str(place), address=address, cells=cells, is_shown=place == shown)
        for place, (address, *cells) in enumerate(zip(addresses, *frame.values(), strict=True))
    ]
