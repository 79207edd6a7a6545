"""Engine and transactions: SQLite in WAL by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlmodel import Session

from han5k_review.errors import ConflictError, DataError, StorageError

_WRITE = "han5k_write"


def build_engine(database_url: str) -> Engine:
    """An engine for `database_url`.

    SQLite gets foreign keys, WAL, full sync, a 15 s busy timeout, and explicit BEGIN (IMMEDIATE
    for writers, so that two writers queue instead of failing).
    """
    if not database_url.startswith("sqlite"):
        return create_engine(database_url, pool_pre_ping=True)
    engine = create_engine(database_url, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=15000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One change: commits when the block ends well, rolls everything back when it does not.

    Database errors come out as ConflictError (a rule of the tables refused) or StorageError.
    """
    try:
        with Session(engine.execution_options(**{_WRITE: True})) as session:
            yield session
            session.commit()
    except IntegrityError as error:
        raise ConflictError(
            f"A record that fits the others was expected; the database refused: {error.orig}."
        ) from error
    except OperationalError as error:
        raise StorageError(
            f"The study's database was expected to take the change; it answered: {error.orig}."
        ) from error
    except StatementError as error:
        if isinstance(error.orig, DataError):
            raise error.orig from error
        raise


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for queries; nothing is committed."""
    try:
        with Session(engine) as session:
            yield session
    except OperationalError as error:
        raise StorageError(
            f"The study's database was expected to answer; it said: {error.orig}."
        ) from error
