"""Assigning: what a wish would add, in which order, and what may be taken back."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlmodel import col, select

from han5k_review.errors import RuleError
from han5k_review.review.assigning import (
    CasePool,
    Wish,
    assign_cases,
    list_untouched,
    plan_assignment,
    unassign_cases,
)
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Audit, Case
from rigs.studies import add_case
from tests.review.conftest import GRID, NOON, Bench

NEW = tuple(f"HN-{number:03d}" for number in range(2, 12))


@pytest.fixture
def grown(bench: Bench) -> Bench:
    """The bench with ten more cases that nobody has."""
    with transaction(bench.study.engine) as session:
        for name in NEW:
            add_case(session, name, GRID)
    return bench


def names(bench: Bench, wish: Wish) -> list[str]:
    with reading(bench.study.engine) as session:
        return [case.name for case in plan_assignment(session, bench.anna, wish).cases]


def assign(bench: Bench, wish: Wish) -> int:
    with transaction(bench.study.engine) as session:
        plan = plan_assignment(session, bench.anna, wish)
        return assign_cases(session, reader=bench.anna, cases=plan.cases, actor="lead", now=NOON)


def test_a_plan_writes_nothing_and_names_what_would_come(grown: Bench) -> None:
    assert names(grown, Wish()) == list(NEW)
    assert names(grown, Wish(most=3)) == list(NEW[:3])
    with reading(grown.study.engine) as session:
        assert len(session.exec(select(Assignment)).all()) == 2


def test_cases_already_on_the_list_are_counted_not_added(grown: Bench) -> None:
    wish = Wish(case_ids={stored_id(grown.case)})
    with reading(grown.study.engine) as session:
        plan = plan_assignment(session, grown.anna, wish)
    assert (plan.cases, plan.known) == ((), 1)


def test_nobodys_cases_leave_out_those_of_other_readers(grown: Bench) -> None:
    assert assign(grown, Wish(most=4)) == 4
    with reading(grown.study.engine) as session:
        wish = Wish(pool=CasePool.UNASSIGNED)
        for_ben = plan_assignment(session, grown.ben, wish).cases
    assert [case.name for case in for_ben] == list(NEW[4:])


def test_a_seed_gives_the_same_random_order_again(grown: Bench) -> None:
    shuffled = names(grown, Wish(seed=7))
    assert shuffled == names(grown, Wish(seed=7))
    assert sorted(shuffled) == list(NEW)
    assert shuffled not in (list(NEW), names(grown, Wish(seed=8)))
    assign(grown, Wish(seed=7))
    with reading(grown.study.engine) as session:
        stored = session.exec(
            select(Case.name)
            .join(Assignment, col(Assignment.case_id) == Case.id)
            .where(Assignment.reader_id == grown.anna.id)
            .order_by(col(Assignment.presentation_order))
        ).all()
    assert list(stored) == ["HN-001", *shuffled]


def take(bench: Bench, ids: list[int]) -> int:
    with transaction(bench.study.engine) as session:
        return unassign_cases(
            session, reader=bench.anna, assignment_ids=ids, actor="lead", now=NOON
        )


def test_what_nobody_began_can_be_taken_off_and_is_in_the_audit(grown: Bench) -> None:
    assign(grown, Wish(most=2))
    with reading(grown.study.engine) as session:
        rows = list_untouched(session, stored_id(grown.anna))
        ids = [stored_id(row) for row, case in rows if case.name in NEW]
    assert take(grown, ids) == 2
    with reading(grown.study.engine) as session:
        left = [case.name for _, case in list_untouched(session, stored_id(grown.anna))]
        audit = session.exec(select(Audit).where(Audit.action == "unassign cases")).one()
    assert left == ["HN-001"]
    assert audit.detail == {"cases": list(NEW[:2])}


def test_a_case_with_a_grade_stays_on_the_list(grown: Bench) -> None:
    with transaction(grown.study.engine) as session:
        submit_grade(
            session,
            assignment_id=grown.assignment_id,
            reader=grown.anna,
            scale=grown.scale,
            request=GradeRequest(
                request_id=str(uuid.uuid4()),
                structure="ParotidL",
                label_version_id=grown.versions["ParotidL"],
                code="no",
            ),
            now=NOON + timedelta(minutes=1),
        )
    with pytest.raises(RuleError, match="only cases off that nobody began"):
        take(grown, [grown.assignment_id])
    with pytest.raises(RuleError, match="1 of 1 have some or are not on the list"):
        take(grown, [2])  # ben's
