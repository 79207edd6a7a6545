"""Predictions as jobs of a supervisor: the cases of a queued prediction, in its process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import Session

from han5k_review.retraining.jobs.device_claims import (
    Claim,
    claim_row,
    make_worker_name,
    release_row,
)
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import ProcessId
from han5k_review.retraining.jobs.results import JobResult, PredictResult
from han5k_review.retraining.jobs.supervisor import Death
from han5k_review.retraining.predictions.changes import write_changes
from han5k_review.retraining.predictions.prediction_labels import (
    prediction_folder,
    store_predictions,
    write_prediction,
)
from han5k_review.retraining.predictions.prediction_record import get_prediction, move_prediction
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import PredictionState


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionJobs:
    """The predictions of one device. A case in hand is finished before a stop, hence the grace.

    `clock` dates what is written.
    """

    study: Study
    device: str = "cpu"
    worker: str = field(default_factory=make_worker_name)
    grace_s: float = 600.0
    clock: Callable[[], datetime] = utc_now

    def claim(self, only: int | None = None) -> int | None:
        """A prediction to work on: an orphaned one first, then the oldest in the queue."""
        claim = Claim(device=self.device, worker=self.worker, now=self.clock(), only=only)
        return claim_row(self.study.engine, PredictionRun, claim, self._begin)

    def _begin(self, session: Session, prediction_id: int) -> None:
        row = get_prediction(session, prediction_id)
        session.refresh(row)
        predicting = PredictionState.PREDICTING
        move_prediction(session, row, predicting, actor=self.worker, now=self.clock())

    def look(self, row_id: int) -> PredictionRun:
        """Heartbeat, take over the process's progress, and read the row anew."""
        with transaction(self.study.engine) as session:
            row = get_prediction(session, row_id)
            if self.is_at_work(row):
                row.heartbeat_at_utc = self.clock()
                row.progress = prediction_folder(self.study, row).find_progress() or row.progress
                session.add(row)
                session.flush()
            session.refresh(row)
            session.expunge(row)
        return row

    def is_at_work(self, row: PredictionRun) -> bool:
        """True while the prediction holds its device for this worker."""
        return row.state is PredictionState.PREDICTING and row.worker == self.worker

    def prepare(self, row: PredictionRun) -> JobFolder:
        """The folder with the job, written when it is not there yet."""
        folder = prediction_folder(self.study, row)
        if not folder.has_job:
            write_prediction(self.study, row, folder)
        return folder

    def note_start(self, row: PredictionRun, process: ProcessId) -> None:
        """Nothing is kept of it beside the folder's own file."""

    def take_result(self, row: PredictionRun, folder: JobFolder, result: JobResult) -> None:
        """The predicted masks become label versions, which wait for a person's decision."""
        changes = store_predictions(self.study, row, result.get(PredictResult), now=self.clock())
        with transaction(self.study.engine) as session:
            present = get_prediction(session, stored_id(row))
            present.found = write_changes(changes)
            present.new_labels = sum(row.kept for row in changes.values())
            # What the last look saw may be older than the end.
            present.progress = folder.find_progress() or present.progress
            done = PredictionState.DONE
            move_prediction(session, present, done, actor=self.worker, now=self.clock())

    def cancel(self, row: PredictionRun) -> None:
        """The prediction is cancelled."""
        self._move(row, PredictionState.CANCELLED)

    def fail(self, row: PredictionRun, reason: str) -> None:
        """The prediction fails with a sentence."""
        self._move(row, PredictionState.FAILED, reason=reason)

    def count_death(self, row: PredictionRun, death: Death) -> None:
        """Another try, or the end after the last attempt."""
        if row.attempt >= row.max_attempts:
            what = f"Predicting ended {row.attempt} times without a result"
            self.fail(row, death.describe(what))
            return
        with transaction(self.study.engine) as session:
            present = get_prediction(session, stored_id(row))
            present.attempt += 1
            session.add(present)

    def let_go(self, row_id: int) -> None:
        """The prediction is free for another worker."""
        release_row(self.study.engine, PredictionRun, row_id, self.worker)

    def _move(self, row: PredictionRun, state: PredictionState, *, reason: str = "") -> None:
        with transaction(self.study.engine) as session:
            present = get_prediction(session, stored_id(row))
            move_prediction(
                session, present, state, actor=self.worker, now=self.clock(), reason=reason
            )
