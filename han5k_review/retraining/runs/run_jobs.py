"""Retraining runs as jobs of a supervisor: what is done in each state at work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.retraining.jobs.device_claims import (
    Claim,
    claim_row,
    make_worker_name,
    release_row,
)
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import ProcessId
from han5k_review.retraining.jobs.machine import Machine
from han5k_review.retraining.jobs.results import JobResult, PredictResult, TrainResult
from han5k_review.retraining.jobs.supervisor import Death
from han5k_review.retraining.runs.lifecycle import WORK, Effect, Event, after_crash
from han5k_review.retraining.runs.restarts import take_over_epochs
from han5k_review.retraining.runs.run_files import clear_run
from han5k_review.retraining.runs.run_folders import evaluate_folder, train_folder
from han5k_review.retraining.runs.run_record import count_epochs, get_run, move_run, note_event
from han5k_review.retraining.runs.stages import (
    keep_candidate,
    measure_run,
    prepare,
    store_scores,
    write_evaluation,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJobs:
    """The runs of one device. `look_at_machine` gives the machine that jobs run on, if known."""

    study: Study
    catalogue: Catalogue
    look_at_machine: Callable[[], Machine | None]
    device: str = "cpu"
    worker: str = field(default_factory=make_worker_name)
    grace_s: float = 60.0

    def claim(self, only: int | None = None) -> int | None:
        """A run to work on: an orphaned one first, then the oldest in the queue."""
        claim = Claim(device=self.device, worker=self.worker, now=utc_now(), only=only)
        return claim_row(self.study.engine, RetrainRun, claim, self._begin)

    def _begin(self, session: Session, run_id: int) -> None:
        run = get_run(session, run_id)
        session.refresh(run)
        move_run(session, run, Event.CLAIMED, actor=self.worker, now=utc_now())

    def look(self, row_id: int) -> RetrainRun:
        """Heartbeat, take over the process's progress and epochs, and read the run anew."""
        with transaction(self.study.engine) as session:
            run = get_run(session, row_id)
            if self.is_at_work(run):
                run.heartbeat_at_utc = utc_now()
                run.progress = self._folder(run).find_progress() or run.progress
                session.add(run)
                if run.state is RunState.TRAINING:
                    self._take_epochs(session, run)
                session.flush()
            session.refresh(run)
            session.expunge(run)
        return run

    def is_at_work(self, row: RetrainRun) -> bool:
        """True while the run holds its device for this worker."""
        return row.state in WORK and row.worker == self.worker

    def prepare(self, row: RetrainRun) -> JobFolder | None:
        """Freeze what the run uses, or the folder of its training or evaluation."""
        if WORK[row.state] is Effect.PREPARE:
            self._prepare(row)
            return None
        folder = self._folder(row)
        if WORK[row.state] is Effect.EVALUATE and not folder.has_job:
            write_evaluation(self.study, row)
        return folder

    def _prepare(self, run: RetrainRun) -> None:
        if run.cancel_requested:
            self._move(run, Event.CANCELLED)
            return
        snapshot = prepare(self.study, self.catalogue, run, self.look_at_machine())
        take_over_epochs(self.study, run, utc_now())
        self._move(run, Event.PREPARED, manifest_sha256=snapshot.sha256)

    def note_start(self, row: RetrainRun, process: ProcessId) -> None:
        """Keep the process's number with the run, and in its history."""
        with transaction(self.study.engine) as session:
            run = get_run(session, stored_id(row))
            run.pid, run.pid_started = process.pid, process.started
            session.add(run)
            note_event(session, run, "process started", utc_now(), pid=process.pid)

    def take_result(self, row: RetrainRun, folder: JobFolder, result: JobResult) -> None:
        """Keep the trained model, or the scores of an evaluation."""
        if WORK[row.state] is Effect.TRAIN:
            self._keep_model(row, result)
        else:
            self._keep_scores(row, result)

    def _keep_model(self, run: RetrainRun, result: JobResult) -> None:
        trained = result.get(TrainResult)
        model = keep_candidate(self.study, run, trained)
        with transaction(self.study.engine) as session:
            session.add(model)
            session.flush()
            row = get_run(session, stored_id(run))
            row.result_model_id = model.id
            self._take_epochs(session, row)
            told = asdict(trained)
            move_run(session, row, Event.TRAINED, actor=self.worker, now=utc_now(), **told)
            if run.parent_model_id is None:
                note_event(
                    session, row, "before", utc_now(), text="'Before' is the present pseudo-label."
                )

    def _keep_scores(self, run: RetrainRun, result: JobResult) -> None:
        predicted = result.get(PredictResult)
        scores = measure_run(
            self.study,
            self.catalogue,
            run,
            predicted,
            on_case=lambda: self.look(stored_id(run)),  # or another host adopts the run meanwhile
        )
        now = utc_now()
        with transaction(self.study.engine) as session:
            row = get_run(session, stored_id(run))
            store_scores(session, row, scores, now)
            count = len(scores.rows)
            move_run(session, row, Event.EVALUATED, actor=self.worker, now=now, scores=count)

    def cancel(self, row: RetrainRun) -> None:
        """The run is cancelled."""
        self._move(row, Event.CANCELLED)

    def fail(self, row: RetrainRun, reason: str) -> None:
        """The run fails with a sentence."""
        self._move(row, Event.FAILED, reason=reason)

    def count_death(self, row: RetrainRun, death: Death) -> None:
        """Another try in the same state, or the end after the last attempt."""
        event = after_crash(row.state, row.attempt, row.max_attempts)
        what = f"The process of run {row.id} ended {row.attempt} times without a result"
        self._move(row, event, reason=death.describe(what), log=list(death.last_words))

    def let_go(self, row_id: int) -> None:
        """The run is free for another worker; what it cannot need any more goes from the disk."""
        release_row(self.study.engine, RetrainRun, row_id, self.worker)
        with reading(self.study.engine) as session:
            state = get_run(session, row_id).state
        clear_run(self.study, row_id, state)

    def _folder(self, run: RetrainRun) -> JobFolder:
        evaluating = run.state is RunState.EVALUATING
        return (evaluate_folder if evaluating else train_folder)(self.study, stored_id(run))

    def _take_epochs(self, session: Session, run: RetrainRun) -> None:
        """Put the epochs that are new into the run's history."""
        epochs = train_folder(self.study, stored_id(run)).list_epochs()
        for epoch in epochs[count_epochs(session, stored_id(run)) :]:
            note_event(session, run, "epoch", utc_now(), **epoch)

    def _move(self, run: RetrainRun, event: Event, *, reason: str = "", **changes: object) -> None:
        with transaction(self.study.engine) as session:
            row = get_run(session, stored_id(run))
            if "manifest_sha256" in changes:
                row.manifest_sha256 = str(changes["manifest_sha256"])
            if event is Event.CRASHED:
                row.attempt += 1
            move_run(
                session, row, event, actor=self.worker, now=utc_now(), reason=reason, **changes
            )
