"""The worker: works on the runs and predictions of one device, and may die at any moment."""

from __future__ import annotations

import time
from collections.abc import Callable

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.errors import ConflictError
from han5k_review.retraining.jobs.device_claims import make_worker_name
from han5k_review.retraining.jobs.launcher import Launcher, LocalLauncher
from han5k_review.retraining.jobs.machine import Machine, look_at_machine
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.jobs.worker_sign import WorkerSign
from han5k_review.retraining.predictions.prediction_jobs import PredictionJobs
from han5k_review.retraining.runs.run_files import clear_runs
from han5k_review.retraining.runs.run_jobs import RunJobs
from han5k_review.store.columns import utc_now
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import RunState


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
    watch = Watch(launcher=launcher or LocalLauncher(), poll_seconds=poll_seconds, pause=pause)
    supervisor = Supervisor(kind=make_run_jobs(study, device, watch.launcher), watch=watch)
    if supervisor.claim(only=run_id) is None:
        raise ConflictError(
            f"Run {run_id} cannot be claimed on {device}: it is finished, or another run is on it."
        )
    return supervisor.work_on(run_id).state


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
    sign = WorkerSign(study=study, device=device, worker=make_worker_name())

    def pause_and_show(seconds: float) -> None:
        sign.show(utc_now())
        pause(seconds)

    watch = Watch(
        launcher=launcher or LocalLauncher(), poll_seconds=poll_seconds, pause=pause_and_show
    )
    predictions: Supervisor[PredictionRun] = Supervisor(
        kind=PredictionJobs(study=study, device=device), watch=watch
    )
    runs: Supervisor[RetrainRun] = Supervisor(
        kind=make_run_jobs(study, device, watch.launcher), watch=watch
    )
    done = 0
    clear_runs(study)
    sign.show(utc_now())
    try:
        while True:
            if predictions.work_on_next() or runs.work_on_next():
                done += 1
            elif once:
                return done
            else:
                watch.wait()
    finally:
        sign.forget()


def make_run_jobs(study: Study, device: str, launcher: Launcher) -> RunJobs:
    """The runs of one device; this machine is judged when jobs run on it."""

    def look() -> Machine | None:
        return look_at_machine() if launcher.runs_here else None

    return RunJobs(
        study=study,
        catalogue=read_catalogue(study.tables / "structures.csv"),
        look_at_machine=look,
        device=device,
    )
