"""Bring a database to the newest schema with Alembic, from code."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from han5k_review.errors import StorageError

_MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x48614E36  # any number that no other advisory lock of this database has
_ONE_AT_A_TIME = Lock()
"""Alembic keeps its context in globals of its module: two threads would take it from each other."""


def migrate_database(engine: Engine, revision: str = "head") -> None:
    """Upgrade to `revision`, in one transaction; StorageError when the database refuses.

    Each command and each page's process opens its study by this: where nothing is to be done,
    Alembic's folder of migrations is not read.
    """
    try:
        with (
            _ONE_AT_A_TIME,
            engine.execution_options(han5k_write=True).begin() as connection,
        ):
            if connection.dialect.name == "postgresql":  # web processes that start together
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            if revision == "head" and _is_newest(connection):
                return
            config = _build_config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except DBAPIError as error:
        raise StorageError(
            f"A study database was expected at {engine.url.render_as_string()}; it answered: "
            f"{error.orig}. Free space or mend the permissions of its folder, or start its server, "
            "and try again."
        ) from error


def _build_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _find_newest() -> tuple[str, ...]:
    return tuple(ScriptDirectory.from_config(_build_config()).get_heads())


def _is_newest(connection: Connection) -> bool:
    return MigrationContext.configure(connection).get_current_heads() == _find_newest()
