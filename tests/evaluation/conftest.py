"""The phantom study, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from han5k_review.store.study import Study
from tests.evaluation.phantom_study import build_study


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    made = build_study(tmp_path / "study")
    yield made
    made.engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_study(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Study]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    made = build_study(tmp_path / "study", url)
    yield made
    made.engine.dispose()
