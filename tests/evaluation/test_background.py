"""An evaluation in the background: found again, cancelled, stopped by an error, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from han5k_review.errors import RuleError
from han5k_review.evaluation import BackgroundEvaluation, EvaluationState
from han5k_review.store.study import Study
from tests.evaluation.phantom_study import CASES
from tests.evaluation.test_run import plan_of, rows_of

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


class Gate:
    """A clock that lets the start pass and then holds the evaluation before it stores a task."""

    def __init__(self) -> None:
        self._starts = 1
        self._open = threading.Event()
        self.is_reached = threading.Event()

    def __call__(self) -> datetime:
        if self._starts:
            self._starts -= 1
        else:
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


def test_a_finished_evaluation_leaves_its_record_and_its_numbers(study: Study) -> None:
    background = BackgroundEvaluation(study, threads=2, clock=lambda: NOON)
    assert background.record is None
    background.start(plan_of(study), actor="lead")
    assert background.wait(30)
    record = background.record
    assert record is not None
    assert record.state is EvaluationState.FINISHED
    assert (record.done, record.total, record.failed) == (12, 12, 0)
    assert (record.actor, record.finished_at_utc, record.error) == ("lead", NOON, None)
    assert record.title == "contour under review against reference"
    measured = [row for row in rows_of(study) if row.panel is not None]
    assert len(measured) == 3 * len(CASES)


def test_a_second_one_waits_its_turn_and_a_cancelled_one_goes_on_later(
    study: Study, gate: Gate
) -> None:
    background = BackgroundEvaluation(study, threads=1, clock=gate)
    background.start(plan_of(study), actor="lead")
    assert gate.is_reached.wait(30)
    with pytest.raises(RuleError, match="lead started contour under review against reference"):
        background.start(plan_of(study), actor="ann")
    background.cancel()
    asked = background.record
    assert asked is not None
    assert (asked.is_running, asked.cancel_requested) == (True, True)
    assert not background.wait(0)
    gate.open()
    assert background.wait(30)
    cancelled = background.record
    assert cancelled is not None
    assert cancelled.state is EvaluationState.CANCELLED
    assert 0 < cancelled.done < cancelled.total

    background.start(plan_of(study), actor="ann")
    assert background.wait(30)
    finished = background.record
    assert finished is not None
    assert (finished.state, finished.done) == (EvaluationState.FINISHED, 12)
    assert finished.first_done >= cancelled.done


def test_an_error_ends_it_with_its_sentence(study: Study) -> None:
    plan = plan_of(study)
    with study.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE metric RENAME TO metric_away")
    background = BackgroundEvaluation(study, threads=1, clock=lambda: NOON)
    background.start(plan, actor="lead")
    assert background.wait(30)
    record = background.record
    assert record is not None
    assert record.state is EvaluationState.STOPPED
    assert record.error is not None
    assert "database" in record.error
