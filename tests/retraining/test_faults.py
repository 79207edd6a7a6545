"""Runs survive the death of worker and trainer, and stop when asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from sqlmodel import select

from han5k_review.errors import ConflictError, RuleError
from han5k_review.retraining.jobs.device_claims import make_worker_name
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import LocalLauncher, ProcessId
from han5k_review.retraining.jobs.tasks import Job
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.network.checkpoints import read_plain
from han5k_review.retraining.runs.run_commands import request_cancel
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run, list_events
from han5k_review.retraining.runs.run_views import get_run_view
from han5k_review.retraining.worker import make_run_jobs, run_one, work
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import build_study, queue_run
from tests.retraining.warm_launcher import WarmLauncher

_DYING_WORKER = """
import os, signal, sys, time
from pathlib import Path
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.worker import run_one
from han5k_review.store.study import open_study
from tests.retraining.warm_launcher import WarmLauncher

study, run_id = open_study(Path(sys.argv[1])), int(sys.argv[2])

def pause(seconds):
    if train_folder(study, run_id).list_epochs():
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(seconds)

run_one(study, run_id, poll_seconds=0.1, pause=pause)
"""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return build_study(tmp_path / "study")


def kill_once(study: Study, run_id: int, after_epochs: int) -> Callable[[float], None]:
    """A pause that kills the trainer once, with -9, when so many epochs are done."""
    killed: list[int] = []

    def pause(seconds: float) -> None:
        folder = train_folder(study, run_id)
        process = LocalLauncher().find(folder)
        if not killed and process and len(folder.list_epochs()) >= after_epochs:
            os.kill(process.pid, signal.SIGKILL)
            killed.append(process.pid)
        time.sleep(seconds)

    return pause


@pytest.mark.training
def test_killing_worker_and_trainer_costs_nothing_but_time(
    study: Study, trained: tuple[Study, int]
) -> None:
    run_id = queue_run(study)
    worker = subprocess.run(
        [sys.executable, "-c", _DYING_WORKER, str(study.root), str(run_id)], check=False
    )
    assert worker.returncode == -signal.SIGKILL
    state = run_one(study, run_id, poll_seconds=0.1, pause=kill_once(study, run_id, 2))
    with reading(study.engine) as session:
        view = get_run_view(session, study, run_id)
    assert (state, view.run.error) == (RunState.AWAITING_APPROVAL, None)
    assert [e["epoch"] for e in view.epochs] == [1, 2, 3, 4]
    assert view.run.attempt == 2
    assert sum(e.payload.get("by") == "crashed" for e in view.events) == 1
    broken, whole = weights(study, run_id), weights(*trained)
    assert all(torch.equal(broken[name], whole[name]) for name in whole)


def weights(study: Study, run_id: int) -> dict[str, torch.Tensor]:
    with reading(study.engine) as session:
        model = session.exec(select(ModelVersion).where(ModelVersion.run_id == run_id)).one()
    found: dict[str, torch.Tensor] = read_plain(locate_model(study, model).checkpoint)[
        "network_weights"
    ]
    return found


@pytest.mark.training
def test_a_run_stops_at_its_next_step_when_asked(study: Study) -> None:
    run_id = queue_run(study)

    def pause(seconds: float) -> None:
        if train_folder(study, run_id).list_epochs():
            with transaction(study.engine) as session:
                if not get_run(session, run_id).cancel_requested:
                    request_cancel(session, run_id, actor="lead", now=utc_now())
        time.sleep(seconds)

    state = run_one(study, run_id, launcher=WarmLauncher(), poll_seconds=0.1, pause=pause)
    assert state is RunState.CANCELLED
    assert LocalLauncher().find(train_folder(study, run_id)) is None
    with reading(study.engine) as session:
        run = get_run(session, run_id)
        kinds = [e.kind for e in list_events(session, run_id)]
    assert run.result_model_id is None
    assert "cancel requested" in kinds


def test_a_queued_run_is_cancelled_at_once_and_stays_so(study: Study) -> None:
    run_id = queue_run(study)
    with transaction(study.engine) as session:
        request_cancel(session, run_id, actor="lead", now=utc_now())
    assert work(study, once=True) == 0
    with (
        pytest.raises(RuleError, match="it is finished"),
        transaction(study.engine) as session,
    ):
        request_cancel(session, run_id, actor="lead", now=utc_now())


def test_two_workers_never_hold_one_run_and_a_device_holds_one(study: Study) -> None:
    first, second = queue_run(study), queue_run(study)
    assert make_run_jobs(study, "cpu", LocalLauncher()).claim() == first
    assert make_run_jobs(study, "cpu", LocalLauncher()).claim() is None
    with pytest.raises(ConflictError, match="cannot be claimed"):
        run_one(study, second)


def test_a_run_of_a_dead_worker_is_taken_over(study: Study) -> None:
    run_id = queue_run(study)
    dead = make_worker_name().replace(f"/{os.getpid()}/", "/999999/")
    jobs = make_run_jobs(study, "cpu", LocalLauncher())
    assert replace(jobs, worker=dead).claim() == run_id
    assert jobs.claim() == run_id


def test_a_run_whose_masks_are_gone_fails_in_one_sentence(study: Study) -> None:
    run_id = queue_run(study)
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    for path in study.labels.folder.rglob("*.nii.gz"):
        path.unlink()
    assert run_one(study, run_id) is RunState.FAILED
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    assert "a mask was expected at" in (run.error or "")
    assert run.worker is None


@pytest.mark.training
class DeadlyLauncher(WarmLauncher):
    """What it starts is killed at once."""

    def start(self, folder: JobFolder, job: Job) -> ProcessId:
        started = WarmLauncher.start(self, folder, job)
        os.kill(started.pid, signal.SIGKILL)
        return started


def test_a_trainer_that_keeps_dying_ends_in_a_named_state(study: Study) -> None:
    run_id = queue_run(study)
    state = run_one(study, run_id, launcher=DeadlyLauncher(), poll_seconds=0.05)
    assert state is RunState.FAILED
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    assert "ended 3 times without a result" in (run.error or "")
