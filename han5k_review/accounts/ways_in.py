"""What sign-ins and personal tokens share: of their value only the hash is stored, and they end."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select, update

from han5k_review.errors import DataError
from han5k_review.store.session_tables import PersonalToken, SignInSession
from han5k_review.store.tables import Reader

SEEN_EVERY = timedelta(minutes=1)
"""How often the last use is written again."""
_BYTES = 32
_MAX_VALUE = 128
_NAMES = {SignInSession: "sign-in", PersonalToken: "token"}
WayIn = TypeVar("WayIn", SignInSession, PersonalToken)


def make_value() -> str:
    """A random value that nobody guesses."""
    return secrets.token_urlsafe(_BYTES)


def hash_value(value: str) -> str:
    """What the table keeps of a value: whoever reads the table cannot get in with it."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def find_way_in(session: Session, table: type[WayIn], value: str) -> WayIn | None:
    """The row of a value, ended or not; None for what is none of this study."""
    if len(value) > _MAX_VALUE:
        return None
    return session.exec(select(table).where(table.token_sha256 == hash_value(value))).first()


def get_way_in(session: Session, table: type[WayIn], number: int) -> tuple[WayIn, Reader]:
    """A row by its number, with its account; DataError when there is none."""
    row = session.get(table, number)
    if row is None:
        raise DataError(f"The number of a {_NAMES[table]} was expected, found {number}.")
    return row, session.get_one(Reader, row.reader_id)


def list_ways_in(
    session: Session, table: type[WayIn], reader_id: int | None, *order: ColumnElement[Any]
) -> Sequence[tuple[WayIn, Reader]]:
    """Those that nobody ended, of one account or of all whose account is open, in this order."""
    query = (
        select(table, Reader)
        .join(Reader, col(Reader.id) == table.reader_id)
        .where(col(table.ended_at_utc).is_(None), col(Reader.active))
        .order_by(*order)
    )
    if reader_id is not None:
        query = query.where(table.reader_id == reader_id)
    return session.exec(query).all()


def end_way_in(session: Session, row: WayIn, *, by: str, now: datetime) -> bool:
    """End it; False for one that has ended already, which stays as it is."""
    if row.ended_at_utc is not None:
        return False
    row.ended_at_utc, row.ended_by = now, by
    session.add(row)
    return True


def end_ways_in(session: Session, reader_id: int, *, by: str, now: datetime) -> None:
    """End every sign-in and token of an account; the caller says why in the audit trail."""
    for table in (SignInSession, PersonalToken):
        session.exec(
            update(table)
            .where(col(table.reader_id) == reader_id, col(table.ended_at_utc).is_(None))
            .values(ended_at_utc=now, ended_by=by)
        )
