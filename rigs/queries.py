"""Which tables queries read: noted from the statements that reach the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event
from sqlmodel import SQLModel


@contextmanager
def noting_tables(engine: Engine) -> Iterator[set[str]]:
    """The names of the tables that are named in the statements of the block."""
    names, found = set(SQLModel.metadata.tables), set[str]()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.update(names.intersection(re.findall(r"\w+", statement)))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(engine, "before_cursor_execute", note)
