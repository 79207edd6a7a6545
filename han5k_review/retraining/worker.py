"""The worker: claims runs, does what the lifecycle says, and may die at any moment.

Everything it knows is in the database and the run's folder, so that another worker goes on where
this one stopped: it adopts the living process of the run or starts it again from its last epoch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import Session

from han5k_review.anatomy.catalogue import Catalogue, read_catalogue
from han5k_review.errors import ConflictError, Han5kError
from han5k_review.retraining.again import take_over_epochs
from han5k_review.retraining.claims import claim_run, make_worker_name, release_run
from han5k_review.retraining.jobs import JobFolder, JobResult, Outcome, tail_log
from han5k_review.retraining.launcher import Launcher, LocalLauncher
from han5k_review.retraining.layout import evaluate_folder, train_folder
from han5k_review.retraining.leftovers import clear_run, clear_runs
from han5k_review.retraining.lifecycle import WORK, Effect, Event, after_crash
from han5k_review.retraining.machine import look_at_machine
from han5k_review.retraining.prediction_worker import Drawer
from han5k_review.retraining.record import count_epochs, get_run, move_run, note_event
from han5k_review.retraining.stages import (
    keep_candidate,
    measure_run,
    prepare,
    store_scores,
    write_evaluation,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState

_GRACE_S = 60.0


@dataclass(slots=True, kw_only=True)
class Worker:
    """One worker of one device. `pause` waits between looks; tests put their own in."""

    study: Study
    catalogue: Catalogue
    launcher: Launcher = field(default_factory=LocalLauncher)
    device: str = "cpu"
    poll_seconds: float = 2.0
    pause: Callable[[float], None] = time.sleep
    name: str = field(default_factory=make_worker_name)

    def claim(self) -> int | None:
        """A run to work on: an orphaned one first, then the oldest in the queue."""
        return claim_run(self.study.engine, self.device, self.name, utc_now())

    def run_one(self, run_id: int) -> RunState:
        """Work on a claimed run until it waits for a person or is finished."""
        try:
            while True:
                run = self._look(run_id)
                effect = WORK.get(run.state)
                if effect is None or run.worker != self.name:
                    return run.state
                try:
                    moved = self._work(effect, run)
                except Han5kError as error:
                    self._move(run, Event.FAILED, reason=str(error))
                    moved = True
                if not moved:
                    self.pause(self.poll_seconds)
        finally:
            release_run(self.study.engine, run_id, self.name)
            self._clean_up(run_id)

    def _clean_up(self, run_id: int) -> None:
        with reading(self.study.engine) as session:
            state = get_run(session, run_id).state
        clear_run(self.study, run_id, state)

    def _look(self, run_id: int) -> RetrainRun:
        """Heartbeat, take over the process's progress, and read the row anew."""
        folder = train_folder(self.study, run_id)
        with transaction(self.study.engine) as session:
            run = get_run(session, run_id)
            if run.worker == self.name and run.state in WORK:
                now = utc_now()
                run.heartbeat_at_utc = now
                if run.state is RunState.EVALUATING:
                    folder = evaluate_folder(self.study, run_id)
                run.progress = folder.find_progress() or run.progress
                session.add(run)
                if run.state is RunState.TRAINING:
                    self._take_epochs(session, run)
                session.flush()
            session.refresh(run)
            session.expunge(run)
        return run

    def _take_epochs(self, session: Session, run: RetrainRun) -> None:
        """Put the epochs that are new into the run's history."""
        run_id = run.id or 0
        epochs = train_folder(self.study, run_id).list_epochs()
        for epoch in epochs[count_epochs(session, run_id) :]:
            note_event(session, run, "epoch", utc_now(), **epoch)

    def _work(self, effect: Effect, run: RetrainRun) -> bool:
        """Do one look's worth of work; True when the run moved."""
        if effect is Effect.PREPARE:
            if run.cancel_requested:
                self._move(run, Event.CANCELLED)
                return True
            machine = look_at_machine() if self.launcher.runs_here else None
            snapshot = prepare(self.study, self.catalogue, run, machine)
            take_over_epochs(self.study, run, utc_now())
            self._move(run, Event.PREPARED, manifest_sha256=snapshot.sha256)
            return True
        training = effect is Effect.TRAIN
        if not training and not evaluate_folder(self.study, run.id or 0).has_job:
            write_evaluation(self.study, run)
        folder = (train_folder if training else evaluate_folder)(self.study, run.id or 0)
        result = self._follow(run, folder)
        if result is None:
            return False
        self.launcher.clear(folder)
        if result.outcome is Outcome.CANCELLED:
            self._move(run, Event.CANCELLED)
        elif result.outcome is Outcome.FAILED:
            self._move(run, Event.FAILED, reason=result.error)
        elif training:
            self._finish_training(run, result)
        else:
            self._finish_evaluation(run, result)
        return True

    def _follow(self, run: RetrainRun, folder: JobFolder) -> JobResult | None:
        """Start, watch or restart the process of a job; its result once there is one."""
        process = self.launcher.find(folder)
        result = folder.find_result()
        if result is not None:
            return result
        if process is not None:
            self._stop_if_asked(run, folder)
            return None
        if run.cancel_requested:
            return JobResult(outcome=Outcome.CANCELLED, values={})
        if self.launcher.was_started(folder):
            self._count_crash(run, folder)
            return None
        identity = self.launcher.start(folder, folder.read_job())
        with transaction(self.study.engine) as session:
            row = get_run(session, run.id or 0)
            row.pid, row.pid_started = identity.pid, identity.started
            session.add(row)
            note_event(session, row, "process started", utc_now(), pid=identity.pid)
        return None

    def _stop_if_asked(self, run: RetrainRun, folder: JobFolder) -> None:
        asked = folder.stop_asked_at
        if run.cancel_requested and asked is None:
            folder.ask_to_stop()
        elif asked is not None and utc_now().timestamp() - asked > _GRACE_S:
            self.launcher.clear(folder)

    def _count_crash(self, run: RetrainRun, folder: JobFolder) -> None:
        """The process ended without a word: try again, or give up after the last attempt."""
        why = self.launcher.explain_end(folder)
        self.launcher.clear(folder)
        last = tail_log(folder, 5)
        event = after_crash(run.state, run.attempt, run.max_attempts)
        reason = (
            f"The process of run {run.id} ended {run.attempt} times without a result. {why} "
            f"Its last words: {' | '.join(last)}"
        ).replace(".  ", ". ")
        self._move(run, event, reason=reason, log=last)

    def _finish_training(self, run: RetrainRun, result: JobResult) -> None:
        model = keep_candidate(self.study, run, result)
        with transaction(self.study.engine) as session:
            session.add(model)
            session.flush()
            row = get_run(session, run.id or 0)
            row.result_model_id = model.id
            self._take_epochs(session, row)
            move_run(session, row, Event.TRAINED, actor=self.name, now=utc_now(), **result.values)
            if run.parent_model_id is None:
                note_event(
                    session, row, "before", utc_now(), text="'Before' is the present pseudo-label."
                )

    def _finish_evaluation(self, run: RetrainRun, result: JobResult) -> None:
        scores = measure_run(self.study, self.catalogue, run, result)
        with transaction(self.study.engine) as session:
            row = get_run(session, run.id or 0)
            store_scores(session, row, scores, utc_now())
            move_run(
                session,
                row,
                Event.EVALUATED,
                actor=self.name,
                now=utc_now(),
                scores=len(scores.rows),
            )

    def _move(self, run: RetrainRun, event: Event, *, reason: str = "", **changes: object) -> None:
        with transaction(self.study.engine) as session:
            row = get_run(session, run.id or 0)
            if "manifest_sha256" in changes:
                row.manifest_sha256 = str(changes["manifest_sha256"])
            if event is Event.CRASHED:
                row.attempt += 1
            move_run(session, row, event, actor=self.name, now=utc_now(), reason=reason, **changes)


def run_one(
    study: Study,
    run_id: int,
    *,
    device: str = "cpu",
    launcher: Launcher | None = None,
    poll_seconds: float = 2.0,
    pause: Callable[[float], None] = time.sleep,
) -> RunState:
    """Claim exactly this run and work on it until it waits for a person or is finished.

    ConflictError when it is finished, or another worker holds it or its device.
    """
    worker = Worker(
        study=study,
        catalogue=_read_catalogue(study),
        launcher=launcher or LocalLauncher(),
        device=device,
        poll_seconds=poll_seconds,
        pause=pause,
    )
    if claim_run(study.engine, device, worker.name, utc_now(), only=run_id) is None:
        raise ConflictError(
            f"Run {run_id} cannot be claimed on {device}: it is finished, or another run is on it."
        )
    return worker.run_one(run_id)


def work(
    study: Study,
    *,
    once: bool = False,
    device: str = "cpu",
    launcher: Launcher | None = None,
    poll_seconds: float = 2.0,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Work on the runs and predictions of one device; with `once`, until the queue is empty.

    Predictions go first: readers wait for them. Returns how many of both were worked on.
    """
    launcher = launcher or LocalLauncher()
    worker = Worker(
        study=study,
        catalogue=_read_catalogue(study),
        launcher=launcher,
        device=device,
        poll_seconds=poll_seconds,
        pause=pause,
    )
    drawer = Drawer(
        study=study, launcher=launcher, device=device, poll_seconds=poll_seconds, pause=pause
    )
    done = 0
    clear_runs(study)
    while True:
        prediction_id = drawer.claim()
        run_id = worker.claim() if prediction_id is None else None
        if prediction_id is not None:
            drawer.run_one(prediction_id)
            done += 1
        elif run_id is not None:
            worker.run_one(run_id)
            done += 1
        elif once:
            return done
        else:
            pause(poll_seconds)


def _read_catalogue(study: Study) -> Catalogue:
    return read_catalogue(study.tables / "structures.csv")
