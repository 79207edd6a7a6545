"""Runs from before the setting `keep_largest_piece`: read, verified, gone on with."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome
from han5k_review.retraining.jobs.slurm import run_on_node
from han5k_review.retraining.jobs.tasks import ImportJob, PredictJob, TrainJob
from han5k_review.retraining.runs.lifecycle import Event
from han5k_review.retraining.runs.restarts import start_again, take_over_epochs
from han5k_review.retraining.runs.run_folders import evaluate_folder, manifest_path, train_folder
from han5k_review.retraining.runs.run_record import get_run, list_events, move_run
from han5k_review.retraining.runs.stages import prepare, read_snapshot, write_evaluation
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study, open_study
from rigs.phantom_study import CATALOGUE, build_study, queue_run
from tests.retraining.warm_launcher import start_fork


def age_manifest(study: Study, run_id: int) -> str:
    """Write the manifest as the code before the setting did; its hash."""
    path = manifest_path(study, run_id)
    manifest = json.loads(path.read_text())
    del manifest["settings"]["keep_largest_piece"]
    content = json.dumps(manifest, sort_keys=True, indent=1).encode() + b"\n"
    path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def age_job(study: Study, run_id: int) -> None:
    """Write the training job as the code before the setting did."""
    path = train_folder(study, run_id).path / "job.json"
    job: dict[str, Any] = json.loads(path.read_text())
    del job["settings"]["keep_largest_piece"]
    for case in job["cases"]:
        del case["shows_pieces"]
    path.write_text(json.dumps(job, indent=1))


def age(study: Study, run_id: int) -> RetrainRun:
    """Make a prepared run one of before: manifest, job and row."""
    sha256 = age_manifest(study, run_id)
    age_job(study, run_id)
    with transaction(study.engine) as session:
        run = get_run(session, run_id)
        run.manifest_sha256 = sha256
        run.settings = {n: v for n, v in run.settings.items() if n != "keep_largest_piece"}
        session.add(run)
        session.flush()
        session.refresh(run)
        session.expunge(run)
        return run


@pytest.fixture
def old_run(trained: tuple[Study, int], tmp_path: Path) -> tuple[Study, RetrainRun]:
    """A trained run whose worker was stopped for the update before it was evaluated."""
    original, run_id = trained
    original.engine.dispose()
    shutil.copytree(original.root, tmp_path / "copy")
    study = open_study(tmp_path / "copy")
    shutil.rmtree(evaluate_folder(study, run_id).path)
    return study, age(study, run_id)


@pytest.mark.training
def test_an_older_manifest_is_verified_by_its_own_hash_and_evaluated_as_it_was_asked(
    old_run: tuple[Study, RetrainRun],
) -> None:
    study, run = old_run
    snapshot = read_snapshot(study, run)
    assert snapshot.sha256 != run.manifest_sha256, "today's code would write it otherwise"
    assert snapshot.settings.keep_largest_piece is False
    write_evaluation(study, run)
    job = evaluate_folder(study, stored_id(run)).read_job()
    assert isinstance(job, PredictJob)
    assert (job.settings, len(job.cases)) == (snapshot.settings, len(snapshot.held_out))
    path = manifest_path(study, stored_id(run))
    path.write_bytes(path.read_bytes().replace(b'"seed": 1', b'"seed": 2'))
    with pytest.raises(DataError, match="was changed after run"):
        read_snapshot(study, run)


def test_an_older_failed_run_goes_on_from_its_last_epoch(tmp_path: Path) -> None:
    study = build_study(tmp_path / "study")
    run_id = queue_run(study)
    with reading(study.engine) as session:
        prepare(study, CATALOGUE, get_run(session, run_id))
    age(study, run_id)
    folder = train_folder(study, run_id)
    job = folder.read_job()
    assert isinstance(job, TrainJob)
    assert not job.settings.keep_largest_piece
    assert not any(case.shows_pieces for case in job.cases)
    folder.work.mkdir()
    (folder.work / "checkpoint").write_text("of epoch 2")
    for epoch in (1, 2):
        folder.add_epoch({"epoch": epoch, "of": 4})
    now = utc_now()
    with transaction(study.engine) as session:
        run = get_run(session, run_id)
        for event in (Event.CLAIMED, Event.PREPARED, Event.FAILED):
            move_run(session, run, event, actor="worker", now=now)
        again = start_again(session, study, CATALOGUE, run_id, requested_by=None, now=now)
        again_id = stored_id(again)
    with reading(study.engine) as session:
        again = get_run(session, again_id)
        prepare(study, CATALOGUE, again)
    take_over_epochs(study, again, now)
    with reading(study.engine) as session:
        said = [e.payload["text"] for e in list_events(session, again_id, "before")]
    assert said == [f"It goes on after epoch 2 of run {run_id}."]
    assert (train_folder(study, again_id).work / "checkpoint").read_text() == "of epoch 2"


@pytest.mark.parametrize("module", ["trainers.run", "inference.run"])
def test_a_job_handed_in_before_the_rooms_moved_finds_its_process(
    tmp_path: Path, module: str
) -> None:
    folder = JobFolder(path=tmp_path / "job")
    settings = resolve_settings("smoke")
    job = ImportJob(source=tmp_path / "none", fold="0", labels={"BrainStem": 1}, settings=settings)
    folder.write_job(job)
    assert start_fork(f"han5k_review.retraining.{module}", folder, {}).wait() == 0
    result = folder.find_result()
    assert result is not None
    assert result.outcome is JobOutcome.FAILED, "the folder has neither a model nor a training"


def test_slurm_finds_the_function_of_a_job_that_waited_over_the_move() -> None:
    # as cloudpickle, which submitit uses, keeps a function of a module: by its two names
    waiting = b"chan5k_review.retraining.slurm\nrun_on_node\n."
    assert pickle.loads(waiting) is run_on_node
