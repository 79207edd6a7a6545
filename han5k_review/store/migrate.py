"""Bring a database to the newest schema with Alembic, from code."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from han5k_review.errors import StorageError

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate_database(engine: Engine, revision: str = "head") -> None:
    """Upgrade to `revision`, in one transaction; StorageError when the database refuses."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    try:
        with engine.execution_options(han5k_write=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    except DBAPIError as error:
        raise StorageError(
            f"A study database was expected at {engine.url.render_as_string()}; it answered: "
            f"{error.orig}."
        ) from error
