"""Engine and transactions: SQLite in WAL by default, PostgreSQL by URL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import IntEnum
from pathlib import Path
from typing import Any

import sqlalchemy.exc
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    NoSuchModuleError,
    OperationalError,
    StatementError,
)
from sqlmodel import Session

from han5k_review.errors import ConfigError, ConflictError, DataError, StorageError
from han5k_review.store.audit import chain_audit
from han5k_review.store.turns import BUSY_SECONDS, turns_of

_WRITE = "han5k_write"


class LockLine(IntEnum):
    """What writers queue for by number; each value is the first half of an advisory lock's key."""

    CASE_EDITORS = 0x48610001
    BACKGROUND_WORK = 0x48610002


# A connection that is opened and closed for one request costs more than the request. The web app
# has two engines and up to 40 threads; PostgreSQL takes 100 connections unless told otherwise.
_SQLITE_POOL = {"pool_size": 40, "max_overflow": 20}
_POSTGRESQL_POOL = {"pool_size": 12, "max_overflow": 3}


def sqlite_url(file: Path) -> URL:
    """The URL of a SQLite file; a path in a text would end at its first `?` or `#`."""
    return URL.create("sqlite", database=str(file.absolute()))


def build_engine(database_url: str | URL) -> Engine:
    """An engine for `database_url`; ConfigError when that is none.

    SQLite gets foreign keys, WAL, full sync, a 15 s busy timeout, and explicit BEGIN (IMMEDIATE
    for writers, so that two writers queue instead of failing).
    """
    try:
        url = make_url(database_url)
        if url.drivername in ("postgres", "postgresql"):
            url = url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() != "sqlite":
            engine = create_engine(url, pool_pre_ping=True, **_POSTGRESQL_POOL)
            event.listen(engine, "handle_error", _map_unfit_value)
            return engine
        pool = _SQLITE_POOL if _file_of(url) else {}
        engine = create_engine(url, connect_args={"check_same_thread": False}, **pool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        # Not the address itself: it may hold a password.
        raise ConfigError(
            "A database URL like postgresql://user:password@host/name was expected (characters "
            f"such as @ : / ? # % in a password as %40 ...), found another: {_words(error)}."
        ) from error
    event.listen(engine, "handle_error", _map_unfit_value)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _words(error: Exception) -> str:
    """What was wrong, without the address."""
    if isinstance(error, ModuleNotFoundError | NoSuchModuleError):
        return f"no driver for it is installed ({error})"
    return "it cannot be taken apart"


def _map_unfit_value(context: ExceptionContext) -> DataError | None:
    """What no database can hold is the sender's fault: too large a number, NUL, half a character.

    PostgreSQL answers with its own DataError, Python's SQLite with OverflowError or
    UnicodeEncodeError before it asks the database.
    """
    error = context.original_exception
    if isinstance(context.sqlalchemy_exception, sqlalchemy.exc.DataError) or isinstance(
        error, OverflowError | UnicodeEncodeError
    ):
        return DataError(
            "Numbers and text that the database can hold were expected, found another value "
            f"({type(error).__name__}); correct it, then try again."
        )
    return None


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "foreign_keys=ON",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={round(1000 * BUSY_SECONDS)}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _file_of(url: URL) -> Path | None:
    """The SQLite file of an address; None for PostgreSQL and for a database in memory."""
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    return Path(url.database).resolve()


def _in_turn(engine: Engine) -> AbstractContextManager[None]:
    file = _file_of(engine.url)
    return nullcontext() if file is None else turns_of(file).take()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """One change: commits when the block ends well, rolls everything back when it does not.

    Database errors come out as ConflictError (a rule of the tables refused) or StorageError.
    """
    try:
        with _in_turn(engine), Session(engine.execution_options(**{_WRITE: True})) as session:
            yield session
            chain_audit(session)
            session.commit()
    except IntegrityError as error:
        raise ConflictError(
            f"A record that fits the others was expected; the database refused: {error.orig}."
        ) from error
    except OperationalError as error:
        raise StorageError(
            f"The study's database was expected to take the change; it answered: {error.orig}. "
            "Free space or mend the permissions of its folder, or start its server, and try again."
        ) from error
    except StatementError as error:
        if isinstance(error.orig, DataError):
            raise error.orig from error
        raise


def queue_writers(session: Session, table: str) -> None:
    """Let other transactions that write to `table` wait until this one ends.

    For a rule over several rows that no constraint can hold. SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")


def queue_by_number(session: Session, line: LockLine, number: int) -> None:
    """Let other transactions that ask for the same line and number wait until this one ends.

    Where many work beside each other and only those on one number are in each other's way. SQLite
    has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({line:d}, {number:d})")


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session for queries; nothing is committed. StorageError when the database is gone."""
    try:
        with Session(engine) as session:
            yield session
    except OperationalError as error:
        raise StorageError(
            f"The study's database was expected to answer; it said: {error.orig}."
        ) from error
