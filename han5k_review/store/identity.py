"""Ids of stored rows, and what one structure of one case is called."""

from __future__ import annotations

from typing import Protocol

CaseStructure = tuple[int, str]
"""One structure of one case: the case's id and the structure's name."""


class Row(Protocol):
    """A row of a table whose primary key is `id`; the database gives it when the row is written."""

    id: int | None


def stored_id(row: Row) -> int:
    """The id of a stored row.

    ValueError for a row that was never written: `session.flush()` it before its id is asked for.
    """
    if row.id is None:
        raise ValueError(
            f"A stored row was expected, found a new {type(row).__name__} without an id; "
            "flush the session first."
        )
    return row.id
