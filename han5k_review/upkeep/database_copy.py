"""A copy of the database at one moment, while others write; and putting it back.

SQLite copies by its own backup interface, PostgreSQL by COPY of every table in one transaction that
sees one moment (REPEATABLE READ): no program beside is needed, and no version of one must fit.
Names in the statements below (`nosec`: they cannot be parameters) come from the schema and are
quoted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from han5k_review.errors import DataError
from han5k_review.store.engine import build_engine
from han5k_review.store.migrate import migrate_database
from han5k_review.upkeep.manifest import KeptFile, KeptTable, Manifest
from han5k_review.upkeep.objects import put_chunks, put_file, take_chunks

_VERSION_TABLE = "alembic_version"


def copy_sqlite(source: Path, folder: Path, beside: Path) -> KeptFile:
    """Keep the database as it is at one moment; `beside` is a name for a file on the way.

    DataError when SQLite finds the copy damaged.
    """
    try:
        with (
            closing(sqlite3.connect(source)) as old,
            closing(sqlite3.connect(beside)) as new,
        ):
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")
            (found,) = new.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise DataError(
                f"The database {source} is damaged ({found}); restore a backup of before."
            )
        sha256, nbytes = put_file(folder, beside)
    finally:
        for name in (beside.name, f"{beside.name}-journal"):
            (beside.parent / name).unlink(missing_ok=True)
    return KeptFile(path=source.name, sha256=sha256, nbytes=nbytes)


def copy_postgres(engine: Engine, folder: Path) -> tuple[KeptTable, ...]:
    """Keep every table as it is at one moment."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        tables = _reflect(connection)
        return tuple(_copy_table(connection, table, folder) for table in tables)


def _copy_table(connection: Connection, table: sa.Table, folder: Path) -> KeptTable:
    columns = tuple(column.name for column in table.columns)
    keys = ", ".join(_quote(column.name) for column in table.primary_key) or "1"
    query = f"SELECT {_list(columns)} FROM {_quote(table.name)} ORDER BY {keys}"  # nosec B608

    def chunks() -> Iterator[memoryview]:
        with _cursor(connection) as cursor, cursor.copy(f"COPY ({query}) TO STDOUT") as rows:
            yield from (memoryview(row) for row in rows)

    sha256, nbytes = put_chunks(folder, chunks())
    return KeptTable(name=table.name, columns=columns, sha256=sha256, nbytes=nbytes)


def restore_postgres(manifest: Manifest, folder: Path, url: str) -> None:
    """Fill an empty database; nothing is kept unless all of it could be. DataError otherwise."""
    engine = build_engine(url)
    try:
        if sa.inspect(engine).get_table_names():
            raise DataError(
                "An empty database was expected to restore into, found one with tables; make "
                "another with `createdb`."
            )
        migrate_database(engine, manifest.revision)
        kept = {table.name: table for table in manifest.tables}
        with engine.begin() as connection:
            for table in _reflect(connection):
                _fill(connection, kept[table.name], folder)
    finally:
        engine.dispose()


def _fill(connection: Connection, table: KeptTable, folder: Path) -> None:
    words = f"COPY {_quote(table.name)} ({_list(table.columns)}) FROM STDIN"
    with _cursor(connection) as cursor:
        with cursor.copy(words) as rows:
            for chunk in take_chunks(folder, table.sha256):
                rows.write(chunk)
        if "id" in table.columns:  # new rows count on after the last one
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), coalesce(max(id), 0) + 1, false) "
                f"FROM {_quote(table.name)}",  # nosec B608
                (_quote(table.name),),
            )


def _cursor(connection: Connection) -> Any:
    """psycopg's own cursor, which knows COPY."""
    return connection.connection.cursor()


def _reflect(connection: Connection) -> list[sa.Table]:
    """Every table of the study, those first that others refer to."""
    tables = sa.MetaData()
    tables.reflect(connection)
    return [table for table in tables.sorted_tables if table.name != _VERSION_TABLE]


def read_revision(engine: Engine) -> str:
    """Which migration the database was brought to."""
    with engine.connect() as connection:
        query = sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")  # nosec B608
        return str(connection.execute(query).scalar_one())


def _list(columns: tuple[str, ...]) -> str:
    return ", ".join(map(_quote, columns))


def _quote(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
