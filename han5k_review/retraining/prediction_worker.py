"""The worker's other half: draws the cases of a queued prediction, and may die at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from han5k_review.errors import Han5kError
from han5k_review.retraining.claims import claim_prediction, make_worker_name, release_prediction
from han5k_review.retraining.jobs import JobFolder, JobResult, Outcome, tail_log
from han5k_review.retraining.launcher import Launcher, LocalLauncher
from han5k_review.retraining.prediction_labels import (
    prediction_folder,
    store_drawings,
    write_prediction,
)
from han5k_review.retraining.prediction_record import get_prediction, move_prediction
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import PredictionState

_GRACE_S = 600.0  # a case in hand is finished first


@dataclass(slots=True, kw_only=True)
class Drawer:
    """Draws predictions on one device. `pause` waits between looks; tests put their own in."""

    study: Study
    launcher: Launcher = field(default_factory=LocalLauncher)
    device: str = "cpu"
    poll_seconds: float = 2.0
    pause: Callable[[float], None] = time.sleep
    name: str = field(default_factory=make_worker_name)
    on_progress: Callable[[dict[str, Any]], None] | None = None

    def claim(self, only: int | None = None) -> int | None:
        """A prediction to draw: an orphaned one first, then the oldest in the queue."""
        return claim_prediction(self.study.engine, self.device, self.name, utc_now(), only=only)

    def run_one(self, prediction_id: int) -> PredictionState:
        """Work on a claimed prediction until it is finished."""
        try:
            while True:
                row = self._look(prediction_id)
                if row.state is not PredictionState.DRAWING or row.worker != self.name:
                    return row.state
                try:
                    moved = self._work(row)
                except Han5kError as error:
                    self._move(row, PredictionState.FAILED, reason=str(error))
                    moved = True
                if not moved:
                    self.pause(self.poll_seconds)
        finally:
            release_prediction(self.study.engine, prediction_id, self.name)

    def _look(self, prediction_id: int) -> PredictionRun:
        """Heartbeat, take over the process's progress, and read the row anew."""
        with transaction(self.study.engine) as session:
            row = get_prediction(session, prediction_id)
            if row.worker == self.name and row.state is PredictionState.DRAWING:
                row.heartbeat_at_utc = utc_now()
                row.progress = prediction_folder(self.study, row).find_progress() or row.progress
                session.add(row)
                session.flush()
            session.refresh(row)
            session.expunge(row)
        if self.on_progress is not None:
            self.on_progress(row.progress)
        return row

    def _work(self, row: PredictionRun) -> bool:
        """Do one look's worth of work; True when the prediction moved."""
        folder = prediction_folder(self.study, row)
        if not folder.has_job:
            write_prediction(self.study, row, folder)
        result = self._follow(row, folder)
        if result is None:
            return False
        self.launcher.clear(folder)
        if result.outcome is Outcome.CANCELLED:
            self._move(row, PredictionState.CANCELLED)
        elif result.outcome is Outcome.FAILED:
            self._move(row, PredictionState.FAILED, reason=result.error)
        else:
            new = store_drawings(self.study, row, result)
            with transaction(self.study.engine) as session:
                present = get_prediction(session, row.id or 0)
                present.new_labels += new
                # What the last look saw may be older than the end.
                present.progress = folder.find_progress() or present.progress
                move_prediction(
                    session, present, PredictionState.DONE, actor=self.name, now=utc_now()
                )
        return True

    def _follow(self, row: PredictionRun, folder: JobFolder) -> JobResult | None:
        """Start, watch or restart the process; its result once there is one."""
        process = self.launcher.find(folder)
        result = folder.find_result()
        if result is not None:
            return result
        if process is not None:
            self._stop_if_asked(row, folder)
        elif row.cancel_requested:
            return JobResult(outcome=Outcome.CANCELLED, values={})
        elif self.launcher.was_started(folder):
            self._count_crash(row, folder)
        else:
            self.launcher.start(folder, folder.read_job())
        return None

    def _stop_if_asked(self, row: PredictionRun, folder: JobFolder) -> None:
        asked = folder.stop_asked_at
        if row.cancel_requested and asked is None:
            folder.ask_to_stop()
        elif asked is not None and utc_now().timestamp() - asked > _GRACE_S:
            self.launcher.clear(folder)

    def _count_crash(self, row: PredictionRun, folder: JobFolder) -> None:
        why = self.launcher.explain_end(folder)
        self.launcher.clear(folder)
        if row.attempt >= row.max_attempts:
            last = " | ".join(tail_log(folder, 5))
            reason = (
                f"Predicting ended {row.attempt} times without a result. {why} Its last words: "
                f"{last}"
            )
            self._move(row, PredictionState.FAILED, reason=reason.replace(".  ", ". "))
            return
        with transaction(self.study.engine) as session:
            present = get_prediction(session, row.id or 0)
            present.attempt += 1
            session.add(present)

    def _move(self, row: PredictionRun, state: PredictionState, *, reason: str = "") -> None:
        with transaction(self.study.engine) as session:
            present = get_prediction(session, row.id or 0)
            move_prediction(session, present, state, actor=self.name, now=utc_now(), reason=reason)
