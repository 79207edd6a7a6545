"""A place for a cohort on each engine: a file of SQLite, a PostgreSQL server of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.study_parts.acts import Place
from benchmarks.study_parts.cohort import build_cohort
from rigs.databases import running_postgres

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
    with running_postgres(root / "postgres") as (server, pid), server.new_database() as url:
        study = build_cohort(root / "study", cases, url)
        yield Place(study=study, cases=cases, url=url, server_pid=pid)
        study.engine.dispose()
