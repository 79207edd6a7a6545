"""Deaths (kill -9) and cancels of worker and trainer in a named state of a run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from faults_parts.study import POLL_S, Bench, ask, cancel
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.runs.run_folders import evaluate_folder, train_folder
from han5k_review.retraining.worker import run_one, work
from han5k_review.store.study import Study, open_study

_WORKER = """
import sys
from pathlib import Path
sys.path.insert(0, {folder!r})
from faults_parts.processes import be_a_worker
be_a_worker(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
"""


class PreparingHook(LocalLauncher):
    """Tells when a run is being prepared: the worker asks its launcher where jobs run."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        object.__setattr__(self, "_act", act)

    @property
    def runs_here(self) -> bool:
        self._act()  # type: ignore[attr-defined]
        return True


def is_there(study: Study, run_id: int, state: str) -> bool:
    """True in the middle of `training` (an epoch done) or of `evaluating` (its process lives)."""
    if state == "training":
        return bool(train_folder(study, run_id).list_epochs())
    return LocalLauncher().find(evaluate_folder(study, run_id)) is not None


def be_a_worker(folder: Path, run_id: int, dies_in: str) -> None:
    """In a process of its own: work on the run, and die by -9 in the named state."""
    study = open_study(folder)

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def pause(seconds: float) -> None:
        if dies_in in ("training", "evaluating") and is_there(study, run_id, dies_in):
            die()
        time.sleep(seconds)

    if dies_in == "queued":
        die()
    launcher = PreparingHook(die if dies_in == "preparing" else lambda: None)
    run_one(study, run_id, launcher=launcher, poll_seconds=POLL_S, pause=pause)
    if dies_in == "awaiting approval":
        die()


def kill_worker(bench: Bench, state: str) -> tuple[Study, int]:
    study = bench.fresh()
    run_id = ask(study)
    code = _WORKER.format(folder=str(Path(__file__).resolve().parents[1]))
    done = subprocess.run(
        [sys.executable, "-c", code, str(study.root), str(run_id), state], check=False
    )
    if done.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the worker was to die in {state}, it ended with {done.returncode}")
    if state != "awaiting approval":
        run_one(study, run_id, poll_seconds=POLL_S)
    return study, run_id


def kill_trainer(bench: Bench, state: str) -> tuple[Study, int]:
    study = bench.fresh()
    run_id = ask(study)
    killed: list[int] = []
    folder = train_folder if state == "training" else evaluate_folder

    def pause(seconds: float) -> None:
        process = LocalLauncher().find(folder(study, run_id))
        if not killed and process is not None and is_there(study, run_id, state):
            os.kill(process.pid, signal.SIGKILL)
            killed.append(process.pid)
        time.sleep(seconds)

    run_one(study, run_id, poll_seconds=POLL_S, pause=pause)
    if not killed:
        raise RuntimeError(f"the process was to be killed in {state}")
    return study, run_id


def cancel_in(bench: Bench, state: str) -> tuple[Study, int]:
    study = bench.fresh("done" if state == "awaiting approval" else "study")
    run_id = 1 if state == "awaiting approval" else ask(study)
    if state in ("queued", "awaiting approval"):
        cancel(study, run_id)
        return study, run_id

    def pause(seconds: float) -> None:
        if state in ("training", "evaluating") and is_there(study, run_id, state):
            cancel(study, run_id)
        time.sleep(seconds)

    hook = (lambda: cancel(study, run_id)) if state == "preparing" else (lambda: None)
    run_one(study, run_id, launcher=PreparingHook(hook), poll_seconds=POLL_S, pause=pause)
    return study, run_id


def two_starts(bench: Bench) -> tuple[Study, int]:
    study = bench.fresh()
    run_id = ask(study)
    workers = [
        threading.Thread(target=work, args=(open_study(study.root),), kwargs={"once": True})
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return study, run_id
