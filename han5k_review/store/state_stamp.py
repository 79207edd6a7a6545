"""A stamp of what some tables hold: while it stays, what was counted from them still holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from han5k_review.store.tables import APPEND_ONLY

# Where a reader stands moves with every contour that is opened, and nothing is counted from it.
_PLACES = {"resume_structure", "resume_slice"}


def read_state_stamp(session: Session, tables: Iterable[type[SQLModel]]) -> str:
    """Hash (hexadecimal) that changes with any change of these tables that is committed.

    Rows of append-only tables never change, so their number tells; a newest id would not, since
    PostgreSQL hands ids out before it commits. Of the other tables, which are small, all is read.
    """
    found = hashlib.sha256()
    for one in tables:
        table = SQLModel.metadata.tables[str(one.__tablename__)]
        if table.name in APPEND_ONLY:
            query = sa.select(sa.func.count()).select_from(table)
        else:
            columns = [column for column in table.columns if column.name not in _PLACES]
            query = sa.select(*columns).order_by(*table.primary_key.columns)
        rows = session.connection().execute(query).all()
        found.update(f"{table.name} {rows!r}\n".encode())
    return found.hexdigest()
