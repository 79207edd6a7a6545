"""An evaluation in the background of a long-lived process, with a record anyone can read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from han5k_review.errors import Han5kError, RuleError
from han5k_review.evaluation.plan import EvaluationPlan
from han5k_review.evaluation.run import EvaluationProgress, EvaluationReport, run_evaluation
from han5k_review.store.columns import utc_now
from han5k_review.store.study import Study

_BROKE_OFF = "It broke off by a fault of the software; the log of the server has the details."


class EvaluationState(StrEnum):
    """Where a background evaluation stands."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRecord:
    """What is known of the present or last evaluation; `done` counts pairs of the plan.

    `first_done` of them were stored before it began; `failed` counts pairs that
    could not be measured, `error` says why a stopped one stopped.
    """

    title: str
    actor: str
    state: EvaluationState
    started_at_utc: datetime
    total: int
    first_done: int = 0
    done: int = 0
    failed: int = 0
    case: str = ""
    cancel_requested: bool = False
    finished_at_utc: datetime | None = None
    error: str | None = None

    @property
    def is_running(self) -> bool:
        """True while it works."""
        return self.state is EvaluationState.RUNNING


class BackgroundEvaluation:
    """One evaluation at a time of one study, in threads of this process.

    The threads live as long as the process and no page needs to stay open. When the process
    ends in between, what was measured is stored and the next start goes on from there.
    """

    def __init__(self, study: Study, *, threads: int, clock: Callable[[], datetime] = utc_now):
        self._study = study
        self._workers = threads
        self._clock = clock
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._ended = threading.Event()
        self._record: EvaluationRecord | None = None

    @property
    def record(self) -> EvaluationRecord | None:
        """The present evaluation, else the last one of this process."""
        with self._lock:
            return self._record

    def start(self, plan: EvaluationPlan, *, actor: str) -> None:
        """Begin to measure the plan; RuleError while another evaluation runs."""
        with self._lock:
            if self._record is not None and self._record.is_running:
                raise RuleError(
                    f"One evaluation at a time was expected; {self._record.actor} started "
                    f"{self._record.title}, wait for it or cancel it."
                )
            self._record = EvaluationRecord(
                title=f"{plan.prediction.title} against {plan.reference.title}",
                actor=actor,
                state=EvaluationState.RUNNING,
                started_at_utc=self._clock(),
                total=len(plan.pairs),
            )
            self._cancel.clear()
            self._ended.clear()
        threading.Thread(
            target=self._work, args=(plan, actor), name="evaluation", daemon=True
        ).start()

    def cancel(self) -> None:
        """Ask the present evaluation to stop; cases already in work are still stored."""
        self._cancel.set()
        with self._lock:
            if self._record is not None and self._record.is_running:
                self._record = replace(self._record, cancel_requested=True)

    def wait(self, seconds: float) -> bool:
        """Wait until no evaluation runs, at most so long; True when none runs."""
        return self._ended.wait(seconds)

    def _work(self, plan: EvaluationPlan, actor: str) -> None:
        report: EvaluationReport | None = None
        error: str | None = _BROKE_OFF
        try:
            with ThreadPoolExecutor(self._workers, thread_name_prefix="measuring") as threads:
                report = run_evaluation(
                    self._study,
                    plan,
                    executor=threads,
                    progress=self._note,
                    cancel=self._cancel.is_set,
                    actor=actor,
                    clock=self._clock,
                    in_flight=2 * self._workers,
                )
            error = None
        except Han5kError as found:
            error = str(found)
        finally:
            self._finish(report, error)

    def _note(self, step: EvaluationProgress) -> None:
        with self._lock:
            if self._record is not None:
                self._record = replace(
                    self._record,
                    first_done=step.stored_before,
                    done=step.done,
                    failed=step.failed,
                    case=step.case,
                )

    def _finish(self, report: EvaluationReport | None, error: str | None) -> None:
        state = EvaluationState.STOPPED
        if report is not None:
            is_cancelled = report.is_cancelled
            state = EvaluationState.CANCELLED if is_cancelled else EvaluationState.FINISHED
        with self._lock:
            if self._record is not None:
                done = self._record.total - report.left_over if report else self._record.done
                self._record = replace(
                    self._record,
                    state=state,
                    done=done,
                    finished_at_utc=self._clock(),
                    error=error,
                )
        self._ended.set()
