from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from han5k_review.errors import ConfigError, DataError, StorageError
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import StudyInfo
from han5k_review.study import (
    find_case,
    find_study_info,
    get_case,
    get_study_info,
    grid_of,
    list_cases,
    read_study_catalogue,
    read_study_scale,
)
from rigs.studies import add_identity
from tests.evaluation.phantom_study import CASES, GRID, build_study


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    made = build_study(tmp_path / "study")
    yield made
    made.engine.dispose()


def test_a_study_says_who_it_is(study: Study) -> None:
    with reading(study.engine) as session:
        assert find_study_info(session) is None
        with pytest.raises(StorageError, match="han5k init"):
            get_study_info(session)
    add_identity(study, "Trial")
    with reading(study.engine) as session:
        info = get_study_info(session)
        assert info.name == "Trial"
        assert read_study_scale(study, info).name == info.scale


def test_cases_come_by_name_and_an_unknown_one_is_named(study: Study) -> None:
    with reading(study.engine) as session:
        assert [case.name for case in list_cases(session)] == list(CASES)
        chosen = list_cases(session, ["HN-003", "HN-001"])
        assert [case.name for case in chosen] == ["HN-001", "HN-003"]
        assert grid_of(get_case(session, "HN-002")).matches(GRID)
        assert find_case(session, "HN-999") is None
        with pytest.raises(DataError, match="HN-999"):
            list_cases(session, ["HN-001", "HN-999"])
        with pytest.raises(DataError, match="HN-999"):
            get_case(session, "HN-999")


def test_a_table_is_read_again_only_when_its_file_changed(study: Study) -> None:
    add_identity(study)
    first = read_study_catalogue(study)
    assert read_study_catalogue(study) is first
    path = study.tables / "structures.csv"
    rows = path.read_text().splitlines(keepends=True)
    path.write_text("".join(row for row in rows if ",BronchialTree," not in row))
    again = read_study_catalogue(study)
    assert len(again) == len(first) - 1
    path.unlink()
    with pytest.raises(ConfigError, match=r"structures\.csv"):
        read_study_catalogue(study)


def test_a_scale_that_the_table_lacks_is_named(study: Study) -> None:
    add_identity(study)
    info = StudyInfo(name="x", protocol_version="1", scale="ctcae", created_at_utc=utc_now())
    with pytest.raises(ConfigError, match=r"'ctcae'.*han5k-3"):
        read_study_scale(study, info)
