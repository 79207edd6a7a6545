"""An empty study database on both systems."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from han5k_review.store.engine import build_engine
from rigs.databases import new_sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    is_postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres_url") if is_postgres else new_sqlite_url(tmp_path)
    engine = build_engine(url)
    yield engine
    engine.dispose()
