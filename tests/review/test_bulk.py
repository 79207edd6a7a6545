"""Accepting many revisions at once: what keeps within the limits, and nothing else."""

from __future__ import annotations

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.review.decisions.bulk import (
    BulkLimits,
    BulkPlan,
    accept_in_bulk,
    measure_hd95,
    plan_bulk,
)
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import RevisionDecision
from tests.review.conftest import GRID, NOON, Bench, block
from tests.review.test_label_sets import revise

WIDE = BulkLimits(vrd=1.0, hd95_mm=2.0)


def plan(bench: Bench, limits: BulkLimits, by_id: int | None) -> BulkPlan:
    case_id = stored_id(bench.case)
    with transaction(bench.study.engine) as session:
        session.expire_on_commit = False
        return plan_bulk(
            list_questions(session, names_reads=True),
            limits=limits,
            by_id=by_id or 0,
            measure=lambda one: measure_hd95(bench.study.labels, {case_id: GRID}, one),
        )


def test_a_box_moved_by_one_voxel_keeps_within_its_spacing(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.anna, block(2))  # ParotidL was block(1), voxels of 2 mm
    found = plan(bench, WIDE, bench.ben.id)
    assert [(one.vrd, one.hd95_mm) for one in found.items] == [(0.5, 2.0)]
    assert plan(bench, BulkLimits(vrd=1.0, hd95_mm=1.9), bench.ben.id).beyond == 1
    assert plan(bench, BulkLimits(vrd=0.49, hd95_mm=2.0), bench.ben.id).beyond == 1
    assert plan(bench, WIDE, bench.anna.id).own == 1


def test_what_changed_meanwhile_is_refused_and_nothing_is_accepted(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.anna, block(2))
    found = plan(bench, WIDE, bench.ben.id)
    with transaction(bench.study.engine) as session:
        revise(bench, session, bench.anna, block(3))
    with (
        pytest.raises(RuleError, match="HN-001, ParotidL changed meanwhile"),
        transaction(bench.study.engine) as session,
    ):
        accept_in_bulk(session, found, by=bench.ben, now=NOON)
    with transaction(bench.study.engine) as session:
        assert session.exec(select(RevisionDecision)).all() == []


def test_limits_without_sense_are_refused() -> None:
    with pytest.raises(RuleError, match="found 0 % and 3 mm"):
        BulkLimits(vrd=0, hd95_mm=3)
