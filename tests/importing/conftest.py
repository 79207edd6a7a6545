"""A fresh study with one more structure, and case files that are quick to write and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from han5k_review.importing.study import create_study
from han5k_review.store.study import Study
from rigs.databases import lay_database

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
MANDIBLE = (
    'order,name,group,window,color_rgb,aliases\n60,Mandible,1,bone,"10,20,30",Bone_Mandible_whole\n'
)


@pytest.fixture
def more_structures(tmp_path: Path) -> Path:
    path = tmp_path / "more.csv"
    path.write_text(MANDIBLE)
    return path


@pytest.fixture
def make_import_study(tmp_path: Path, more_structures: Path) -> Iterator[Callable[..., Study]]:
    """Makes studies below the test's folder, with Mandible as an added structure."""
    made: list[Study] = []

    def make(name: str = "study", database_url: str | None = None) -> Study:
        made.append(
            create_study(
                tmp_path / name,
                "Trial",
                now_utc=NOON,
                add_structures=[more_structures],
                database_url=lay_database(tmp_path / name, database_url),
            )
        )
        return made[-1]

    yield make
    for study in made:
        study.engine.dispose()


@pytest.fixture
def study(make_import_study: Callable[..., Study]) -> Study:
    return make_import_study()
