"""Death and cancel in the states around training; benchmarks/faults.py has the whole matrix."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from han5k_review.errors import RuleError
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.runs.run_commands import request_cancel
from han5k_review.retraining.runs.run_folders import evaluate_folder
from han5k_review.retraining.runs.run_jobs import RunJobs
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.run_tables import RunScore
from han5k_review.store.study import Study, open_study
from han5k_review.store.vocabulary import RunState
from rigs.phantom_study import CATALOGUE, build_study, queue_run
from tests.retraining.warm_launcher import WarmLauncher

# A worker asks its launcher where jobs run while it prepares: there this one dies.
_DIES_PREPARING = """
import os, signal, sys
from pathlib import Path
from han5k_review.retraining.jobs.launcher import LocalLauncher
from han5k_review.retraining.worker import run_one
from han5k_review.store.study import open_study
from tests.retraining.warm_launcher import WarmLauncher

class Dying(LocalLauncher):
    @property
    def runs_here(self):
        os.kill(os.getpid(), signal.SIGKILL)

run_one(open_study(Path(sys.argv[1])), int(sys.argv[2]), launcher=Dying())
"""


def cancel(study: Study, run_id: int) -> None:
    with transaction(study.engine) as session:
        if not get_run(session, run_id).cancel_requested:
            request_cancel(session, run_id, actor="lead", now=utc_now())


def test_a_worker_killed_while_it_prepares_is_followed_by_another(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    run_id = queue_run(study)
    died = subprocess.run(
        [sys.executable, "-c", _DIES_PREPARING, str(study.root), str(run_id)], check=False
    )
    assert died.returncode == -signal.SIGKILL
    with reading(study.engine) as session:
        assert get_run(session, run_id).state is RunState.PREPARING
    cancel(study, run_id)
    assert run_one(study, run_id, poll_seconds=0.05) is RunState.CANCELLED


@pytest.fixture
def evaluating(trained: tuple[Study, int], tmp_path: Path) -> tuple[Study, int]:
    """The trained study as a worker leaves it that dies before it predicts."""
    original, run_id = trained
    original.engine.dispose()
    shutil.copytree(original.root, tmp_path / "copy")
    study = open_study(tmp_path / "copy")
    shutil.rmtree(evaluate_folder(study, run_id).path)
    with transaction(study.engine) as session:
        run = get_run(session, run_id)
        run.state, run.finished_at_utc = RunState.EVALUATING, None
        session.add(run)
    return study, run_id


def list_scores(study: Study) -> set[tuple[int, str, str, str]]:
    with reading(study.engine) as session:
        rows = session.exec(select(RunScore)).all()
    return {(r.case_id, r.structure, r.arm.value, r.prediction_sha256) for r in rows}


def once_it_predicts(study: Study, run_id: int, act: Callable[[int], None]) -> list[int]:
    """Work on the run; when its process lives, act on its pid, once. The pids acted on."""
    acted: list[int] = []

    def pause(seconds: float) -> None:
        process = LocalLauncher().find(evaluate_folder(study, run_id))
        if process is not None and not acted:
            acted.append(process.pid)
            act(process.pid)
        time.sleep(seconds)

    run_one(study, run_id, launcher=WarmLauncher(), poll_seconds=0.05, pause=pause)
    return acted


@pytest.mark.training
def test_a_process_killed_while_it_predicts_changes_no_score(
    evaluating: tuple[Study, int],
) -> None:
    study, run_id = evaluating
    before = list_scores(study)
    killed = once_it_predicts(study, run_id, lambda pid: os.kill(pid, signal.SIGKILL))
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    assert (len(killed), run.state, run.attempt) == (1, RunState.AWAITING_APPROVAL, 2)
    assert list_scores(study) == before


@pytest.mark.training
def test_a_run_is_cancelled_while_it_predicts_and_not_after_it_waits(
    evaluating: tuple[Study, int], trained: tuple[Study, int]
) -> None:
    study, run_id = evaluating
    once_it_predicts(study, run_id, lambda _: cancel(study, run_id))
    with reading(study.engine) as session:
        assert get_run(session, run_id).state is RunState.CANCELLED
    waiting, waiting_id = trained
    with pytest.raises(RuleError, match="cannot be cancelled"):
        cancel(waiting, waiting_id)


@pytest.mark.training
def test_a_worker_shows_that_it_lives_while_it_measures(
    evaluating: tuple[Study, int], trained: tuple[Study, int]
) -> None:
    study, run_id = evaluating
    result = evaluate_folder(*trained).find_result()
    assert result is not None
    hour_ago = utc_now() - timedelta(hours=1)
    with transaction(study.engine) as session:
        run = get_run(session, run_id)
        run.worker, run.heartbeat_at_utc = "one", hour_ago
        session.add(run)
    jobs = RunJobs(study=study, catalogue=CATALOGUE, look_at_machine=lambda: None, worker="one")
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    jobs.take_result(run, evaluate_folder(study, run_id), result)
    with reading(study.engine) as session:
        seen = get_run(session, run_id).heartbeat_at_utc
    assert seen is not None
    assert seen > hour_ago, "or a second host takes the run over"
