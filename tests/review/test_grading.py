"""Grading: durable, repeatable, never overwriting, never another reader's."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import select

from han5k_review.errors import AccessError, ConflictError, Han5kError, RuleError
from han5k_review.review.assignment import find_next, find_next_assignment, list_worklist
from han5k_review.review.grading import GradeRequest, list_current_grades, submit_grade
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Audit, Grade, LabelVersion
from han5k_review.store.vocabulary import GradeLevel, LabelSource
from tests.review.conftest import NOON, Bench


def request_for(bench: Bench, structure: str, code: str | None, **more: object) -> GradeRequest:
    request = GradeRequest(
        request_id=str(uuid.uuid4()),
        structure=structure,
        label_version_id=bench.versions[structure],
        code=code,
    )
    return replace(request, **more)  # type: ignore[arg-type]


def grade(bench: Bench, request: GradeRequest, minutes: int = 0) -> int:
    with transaction(bench.study.engine) as session:
        outcome = submit_grade(
            session,
            assignment_id=bench.assignment_id,
            reader=bench.anna,
            scale=bench.scale,
            request=request,
            now=NOON + timedelta(minutes=minutes),
        )
        return outcome.graded


def current(bench: Bench) -> dict[str, str | None]:
    with reading(bench.study.engine) as session:
        grades = list_current_grades(session, bench.assignment_id)
        return {name: row.raw_code for name, row in grades.items()}


def test_a_grade_is_stored_with_its_level_words_and_time(bench: Bench) -> None:
    grade(bench, request_for(bench, "ParotidL", "minor", tags=("caudal",), comment="too short"))
    with reading(bench.study.engine) as session:
        row = session.exec(select(Grade)).one()
        assert (row.level, row.tags, row.comment) == (GradeLevel.MINOR, ["caudal"], "too short")
        assert row.graded_at_utc == NOON
        audit = session.exec(select(Audit).where(Audit.action == "grade")).one()
        assert audit.actor == "anna"


def test_a_grade_given_with_the_rest_says_so_and_is_the_one_without_revision(bench: Bench) -> None:
    grade(bench, request_for(bench, "ParotidL", "no", in_bulk=True))
    with pytest.raises(RuleError, match="without revision"):
        grade(bench, request_for(bench, "BrainStem", "minor", in_bulk=True))
    with reading(bench.study.engine) as session:
        assert [row.in_bulk for row in session.exec(select(Grade))] == [True]


def test_sending_a_grade_again_changes_nothing(bench: Bench) -> None:
    request = request_for(bench, "ParotidL", "no")
    assert grade(bench, request) == grade(bench, request, minutes=1) == 1
    with reading(bench.study.engine) as session:
        assert len(session.exec(select(Grade)).all()) == 1


def test_a_changed_mind_is_a_new_row_that_names_the_old(bench: Bench) -> None:
    grade(bench, request_for(bench, "ParotidL", "no"))
    grade(bench, request_for(bench, "ParotidL", "major"), minutes=1)
    assert current(bench) == {"ParotidL": "major"}
    with reading(bench.study.engine) as session:
        first, second = session.exec(select(Grade)).all()
        assert second.supersedes_id == first.id


def test_a_withdrawn_grade_leaves_the_structure_ungraded(bench: Bench) -> None:
    grade(bench, request_for(bench, "ParotidL", "no"))
    assert grade(bench, request_for(bench, "ParotidL", None), minutes=1) == 0
    assert current(bench) == {}
    assert grade(bench, request_for(bench, "ParotidL", "minor"), minutes=2) == 1
    assert current(bench) == {"ParotidL": "minor"}


def test_a_grade_for_an_older_contour_is_refused(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        old = session.get(LabelVersion, bench.versions["ParotidL"])
        assert old is not None
        session.add(
            LabelVersion(
                case_id=old.case_id,
                structure="ParotidL",
                source=LabelSource.PREDICTION,
                mask_sha256=old.mask_sha256,
                voxels=old.voxels,
                volume_cc=old.volume_cc,
                started_from_id=old.id,
            )
        )
    request = request_for(bench, "ParotidL", "no")
    with pytest.raises(ConflictError, match="older contour"):
        grade(bench, request)
    assert current(bench) == {}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"code": "perfect"}, "han5k-3"),
        ({"tags": ("ugly",)}, "Issue tags"),
        ({"comment": "x" * 5000}, "4000 characters"),
        ({"request_id": "1"}, "request id"),
        ({"active_seconds": -1.0}, "Active seconds"),
        ({"structure": "Brain"}, "no pseudo-label"),
    ],
)
def test_a_grade_the_study_does_not_know_is_refused(
    bench: Bench, change: dict[str, object], sentence: str
) -> None:
    request = replace(request_for(bench, "ParotidL", "no"), **change)  # type: ignore[arg-type]
    with pytest.raises(Han5kError, match=sentence):
        grade(bench, request)
    assert current(bench) == {}


def test_nothing_to_withdraw_is_said(bench: Bench) -> None:
    request = request_for(bench, "ParotidL", None)
    with pytest.raises(RuleError, match="no grade to withdraw"):
        grade(bench, request)


def test_a_request_id_belongs_to_one_grade(bench: Bench) -> None:
    request = request_for(bench, "ParotidL", "no")
    grade(bench, request)
    other = replace(request, structure="ParotidR", label_version_id=bench.versions["ParotidR"])
    with pytest.raises(ConflictError, match="another grade"):
        grade(bench, other)


def test_nobody_grades_in_anothers_name(bench: Bench) -> None:
    request = request_for(bench, "ParotidL", "no")
    with pytest.raises(AccessError), transaction(bench.study.engine) as session:
        submit_grade(
            session,
            assignment_id=bench.assignment_id,
            reader=bench.ben,
            scale=bench.scale,
            request=request,
            now=NOON,
        )


def test_the_worklist_counts_and_finds_the_next_case(bench: Bench) -> None:
    grade(bench, request_for(bench, "ParotidL", "no"))
    with reading(bench.study.engine) as session:
        entries = list_worklist(session, stored_id(bench.anna))
        assert [(e.case, e.graded, e.total, e.is_done) for e in entries] == [
            ("HN-001", 1, 3, False)
        ]
        assert entries[0].last_graded_at_utc == NOON
        first = entries[0].assignment_id
        assert find_next(entries) == entries[0]
        assert find_next_assignment(session, stored_id(bench.anna)) == first
        assert find_next_assignment(session, stored_id(bench.anna), after=first) is None
