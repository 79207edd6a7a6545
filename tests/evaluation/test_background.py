"""An evaluation in the background: its numbers, what a cancelled one leaves to the next, errors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from han5k_review.background import Desk
from han5k_review.evaluation import start_evaluation
from han5k_review.store.study import Study
from han5k_review.store.work_tables import BackgroundWork, WorkKind, WorkState
from tests.evaluation.phantom_study import CASES
from tests.evaluation.test_run import plan_of, rows_of

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class Gate:
    """A clock that holds the thread of the evaluation before it stores a task, and no other."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.is_reached = threading.Event()

    def __call__(self) -> datetime:
        if threading.current_thread().name == WorkKind.EVALUATION:
            self.is_reached.set()
            self._open.wait(30)
        return NOON

    def open(self) -> None:
        self._open.set()


@pytest.fixture
def gate() -> Iterator[Gate]:
    made = Gate()
    yield made
    made.open()


def sit_down(study: Study, clock: Callable[[], datetime] = lambda: NOON) -> Desk:
    return Desk(study=study, kind=WorkKind.EVALUATION, clock=clock)


def look(desk: Desk) -> BackgroundWork:
    record = desk.find_record()
    assert record is not None
    return record


def test_a_finished_evaluation_leaves_its_record_and_its_numbers(study: Study) -> None:
    desk = sit_down(study)
    assert start_evaluation(desk, plan_of(study), threads=2, actor="lead").ended.wait(30)
    record = look(desk)
    assert record.state is WorkState.FINISHED
    assert (record.done, record.total, record.failed) == (12, 12, 0)
    assert (record.actor, record.finished_at_utc) == ("lead", NOON)
    assert record.title == "contour under review against reference"
    measured = [row for row in rows_of(study) if row.panel is not None]
    assert len(measured) == 3 * len(CASES)


def test_a_cancelled_one_stops_after_what_is_in_work_and_goes_on_later(
    study: Study, gate: Gate
) -> None:
    desk = sit_down(study, gate)
    hand = start_evaluation(desk, plan_of(study), threads=1, actor="lead")
    assert gate.is_reached.wait(30)
    assert look(desk).is_running
    hand.cancel.set()
    gate.open()
    assert hand.ended.wait(30)
    cancelled = look(desk)
    assert cancelled.state is WorkState.CANCELLED
    assert 0 < cancelled.done < cancelled.total

    assert start_evaluation(desk, plan_of(study), threads=1, actor="ann").ended.wait(30)
    finished = look(desk)
    assert (finished.state, finished.done) == (WorkState.FINISHED, 12)
    assert finished.first_done >= cancelled.done


def test_an_error_ends_it_with_its_sentence(study: Study) -> None:
    plan = plan_of(study)
    with study.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE metric RENAME TO metric_away")
    desk = sit_down(study)
    assert start_evaluation(desk, plan, threads=1, actor="lead").ended.wait(30)
    assert look(desk).state is WorkState.STOPPED
    assert "database" in look(desk).said
