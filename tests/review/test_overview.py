"""The overview: stages, pace and disagreements, counted by hand."""

from __future__ import annotations

import uuid
from datetime import timedelta

from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.overview import CaseStage, list_disagreements, measure_overview
from han5k_review.review.progress import measure_progress
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Reader
from han5k_review.store.vocabulary import LabelSource
from rigs.studies import add_case, add_label
from tests.review.conftest import GRID, NOON, Bench, block

ASSIGNMENT_OF_BEN = 2


def give(
    bench: Bench, assignment: int, reader: Reader, structure: str, code: str | None, days: float = 0
) -> None:
    with transaction(bench.study.engine) as session:
        submit_grade(
            session,
            assignment_id=assignment,
            reader=reader,
            scale=bench.scale,
            request=GradeRequest(
                request_id=str(uuid.uuid4()),
                structure=structure,
                label_version_id=bench.versions[structure],
                code=code,
                active_seconds=10.0 + days,
            ),
            now=NOON + timedelta(days=days),
        )


def anna(bench: Bench, structure: str, code: str | None, days: float = 0) -> None:
    give(bench, bench.assignment_id, bench.anna, structure, code, days)


def ben(bench: Bench, structure: str, code: str | None, days: float = 0) -> None:
    give(bench, ASSIGNMENT_OF_BEN, bench.ben, structure, code, days)


def test_cases_move_from_unassigned_to_graded_by_all_their_readers(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        add_case(session, "HN-002", GRID)
    with reading(bench.study.engine) as session:
        stages = measure_overview(session, now=NOON).cases
    assert stages == {
        CaseStage.UNASSIGNED: 1,
        CaseStage.WAITING: 1,
        CaseStage.STARTED: 0,
        CaseStage.GRADED: 0,
    }
    for structure in bench.versions:
        anna(bench, structure, "no")
    with reading(bench.study.engine) as session:
        assert measure_overview(session, now=NOON).cases[CaseStage.STARTED] == 1
    for structure in bench.versions:
        ben(bench, structure, "no")
    with reading(bench.study.engine) as session:
        assert measure_overview(session, now=NOON).cases[CaseStage.GRADED] == 1


def test_pace_counts_first_grades_and_says_when_the_list_ends(bench: Bench) -> None:
    anna(bench, "BrainStem", "no", days=0)
    anna(bench, "BrainStem", "minor", days=1)  # a change of mind is no second structure
    anna(bench, "ParotidL", "no", days=2)
    with reading(bench.study.engine) as session:
        first, second = measure_overview(session, now=NOON + timedelta(days=4)).readers
    assert (first.name, first.graded, first.left, first.cases_done) == ("anna", 2, 1, 0)
    assert first.per_day == 0.5  # two structures in four days
    assert first.days_left == 2  # one more
    assert first.seconds_per_structure == 12.0
    assert first.last_graded_at_utc == NOON + timedelta(days=2)
    assert (second.per_day, second.days_left, second.last_graded_at_utc) == (None, None, None)


def test_grades_older_than_two_weeks_say_nothing_about_the_pace(bench: Bench) -> None:
    anna(bench, "BrainStem", "no")
    with reading(bench.study.engine) as session:
        pace = measure_overview(session, now=NOON + timedelta(days=20)).readers[0]
    assert (pace.graded, pace.per_day, pace.days_left) == (1, None, None)


def test_readers_disagree_where_their_grades_in_force_differ(bench: Bench) -> None:
    anna(bench, "BrainStem", "no")
    ben(bench, "BrainStem", "no")
    anna(bench, "ParotidL", "no")
    ben(bench, "ParotidL", "major")
    anna(bench, "ParotidR", "minor")
    with reading(bench.study.engine) as session:
        found = list_disagreements(session, most=10)
    assert [(one.case, one.structure, dict(one.levels)) for one in found] == [
        ("HN-001", "ParotidL", {"anna": "no", "ben": "major"})
    ]
    ben(bench, "ParotidL", "no")
    with reading(bench.study.engine) as session:
        assert list_disagreements(session, most=10) == []


def test_a_withdrawn_grade_and_one_of_an_older_contour_do_not_count(bench: Bench) -> None:
    anna(bench, "BrainStem", "no")
    anna(bench, "ParotidL", "no")
    anna(bench, "ParotidL", None)
    with reading(bench.study.engine) as session:
        assert measure_progress(session)[bench.assignment_id].graded == 1
    with transaction(bench.study.engine) as session:
        add_label(session, bench.study, bench.case, "BrainStem", block(5), LabelSource.PREDICTION)
    with reading(bench.study.engine) as session:
        progress = measure_progress(session, reader_id=bench.anna.id)[bench.assignment_id]
    assert (progress.graded, progress.total) == (0, 3)
