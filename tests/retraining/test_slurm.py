"""Runs and predictions on SLURM: handed in, found again, cancelled, and their end explained."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.slurm import PHASES, Phase, SlurmLauncher, SlurmOptions
from han5k_review.retraining.jobs.tasks import ImportJob
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.predictions.case_prediction import predict_cases
from han5k_review.retraining.predictions.prediction_record import PredictionRequest
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.study import Study
from tests.retraining.fake_slurm import install_slurm

# `man sacct`, JOB STATE CODES, and `man squeue`
SACCT_STATES = (
    "BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PENDING PREEMPTED "
    "RUNNING REQUEUED RESIZING REVOKED SUSPENDED TIMEOUT CONFIGURING COMPLETING STOPPED STAGE_OUT "
    "SIGNALING SPECIAL_EXIT REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD"
)


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """SLURM's commands on the PATH; the folder of its jobs."""
    folder = install_slurm(tmp_path / "slurm")
    monkeypatch.setenv("PATH", f"{tmp_path / 'slurm' / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return folder


def waiting_job(tmp_path: Path, device: str = "cpu") -> tuple[JobFolder, ImportJob]:
    """A job that fails in its own words as soon as it runs: there is no such model."""
    folder = JobFolder(path=tmp_path / "runs" / "7" / "train")
    job = ImportJob(
        source=tmp_path / "nothing",
        fold="0",
        labels={},
        settings=resolve_settings("adapt"),
        device=device,
    )
    folder.write_job(job)
    return folder, job


def test_every_state_of_slurm_is_living_or_ended() -> None:
    assert set(SACCT_STATES.split()) == set(PHASES)
    assert PHASES["PENDING"] is PHASES["SUSPENDED"] is Phase.ALIVE
    assert PHASES["TIMEOUT"] is PHASES["OUT_OF_MEMORY"] is Phase.ENDED


def test_what_a_job_needs_is_asked_of_slurm_and_cancel_reaches_it(
    jobs: Path, tmp_path: Path
) -> None:
    folder, job = waiting_job(tmp_path, "cuda:0,1")
    options = SlurmOptions(hours=2.5, memory_gb=48, partition="gpu", extra={"account": "radonc"})
    launcher = SlurmLauncher(options=options)
    assert launcher.find(folder) is None
    (tmp_path / "slurm" / "bin" / "srun").write_text("#!/bin/sh\nsleep 600\n")
    started = launcher.start(folder, job)
    assert launcher.start(folder, job) == started, "a job that lives is adopted"
    asked = (jobs / f"{started.pid}.sh").read_text()
    for line in (
        "--gpus-per-node=2",
        "--time=150",
        "--mem=48GB",
        "--partition=gpu",
        "--account=radonc",
        "--cpus-per-task=20",
    ):
        assert f"#SBATCH {line}\n" in asked, line
    assert SlurmLauncher().find(folder) == started, "another worker finds it"
    launcher.clear(folder)
    assert (jobs / f"{started.pid}.state").read_text() == "CANCELLED by 1000"
    assert not launcher.was_started(folder)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("OUT_OF_MEMORY", "lower memory_target_gb"),
        ("TIMEOUT", "time limit"),
        ("CANCELLED by 1000", "is CANCELLED"),
        ("NODE_FAIL", "node failed"),
    ],
)
def test_how_a_job_ended_is_said(jobs: Path, tmp_path: Path, state: str, words: str) -> None:
    folder, job = waiting_job(tmp_path)
    launcher = SlurmLauncher()
    started = launcher.start(folder, job)
    (jobs / f"{started.pid}.state").write_text(state)
    assert launcher.find(folder) is None
    assert launcher.was_started(folder)
    assert words in launcher.explain_end(folder)
    launcher.clear(folder)


def test_without_slurm_the_launcher_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("srun"):
        monkeypatch.setenv("PATH", "/nowhere")
    folder, job = waiting_job(tmp_path)
    with pytest.raises(ConfigError, match="SLURM's commands"):
        SlurmLauncher().start(folder, job)


@pytest.mark.training
@pytest.mark.usefixtures("jobs")
def test_a_prediction_goes_through_slurm_to_new_label_versions(
    promoted: tuple[Study, int],
) -> None:
    study, model_id = promoted
    request = PredictionRequest(model_id=model_id, cases=("HN-004",), structures=("BrainStem",))
    watch = Watch(launcher=SlurmLauncher(), poll_seconds=0.2)
    report = predict_cases(study, request, actor="lead", watch=watch)
    assert report.changes["BrainStem"].kept + report.changes["BrainStem"].empty == 1
