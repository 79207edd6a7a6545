"""The trainings of the proof: the parent by a run of the product, the arms by jobs of it.

All of it can be stopped at any time: a training that ended is kept with its model, one that did not
goes on from its last epoch.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome, TrainResult
from han5k_review.retraining.jobs.tasks import ModelFolder, TrainJob
from han5k_review.retraining.jobs.watch import Watch, follow_to_end
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.predictions.case_prediction import predict_cases
from han5k_review.retraining.predictions.prediction_record import PredictionRequest
from han5k_review.retraining.runs.lifecycle import WORK
from han5k_review.retraining.runs.plan import RunRequest
from han5k_review.retraining.runs.run_commands import promote, request_run
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.retraining.runs.run_record import get_run
from han5k_review.retraining.runs.run_views import list_runs
from han5k_review.retraining.runs.stages import prepare
from han5k_review.retraining.worker import run_one
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import RunState
from han5k_review.study import read_study_catalogue
from loop_parts.arms import ArmKind, Prepared
from loop_parts.data import GROUP, ORGANS, case_name
from loop_parts.progress import Progress
from loop_parts.results import Kept, read_kept

_ACTOR = "loop benchmark"


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """How long each network learns: epochs of `iterations` steps, and the first rate of arms."""

    parent_epochs: int
    arm_epochs: int
    gap_epochs: int
    iterations: int
    learning_rate: float


def train_parent(study: Study, lengths: Lengths, progress: Progress) -> int:
    """The parent, from scratch on spoiled references, promoted by a person who knows; its id."""
    with reading(study.engine) as session:
        known = list_runs(session)
    settings = {"count_references": True, "epochs": lengths.parent_epochs}
    run_id = stored_id(known[0]) if known else _request(study, lengths, settings, None)
    with reading(study.engine) as session:
        state = get_run(session, run_id).state
    if state in WORK or state is RunState.QUEUED:
        pause = progress.pause("parent", train_folder(study, run_id), lengths.iterations)
        state = run_one(study, run_id, poll_seconds=0.5, pause=pause)
    with transaction(study.engine) as session:
        run = get_run(session, run_id)
        if run.state is RunState.AWAITING_APPROVAL:
            why = "the parent of this proof"
            promote(session, run_id, actor=_ACTOR, reason=why, now=utc_now(), despite_gate=True)
        if run.result_model_id is None:
            raise SystemExit(
                f"A model was expected of the parent's run, it is {state}: {run.error}"
            )
        return run.result_model_id


def predict_review(study: Study, parent_id: int, patients: tuple[str, ...]) -> None:
    """The parent's pseudo-labels of the patients to be reviewed."""
    request = PredictionRequest(
        model_id=parent_id, cases=[case_name(n) for n in patients], structures=tuple(ORGANS)
    )
    predict_cases(study, request, actor=_ACTOR, begin_round=True, watch=Watch(poll_seconds=0.5))


def freeze(study: Study, lengths: Lengths, parent_id: int | None, *, replay: bool) -> Prepared:
    """A run of the product, frozen and not started."""
    settings = {"replay": replay, "mix_with_parent": False, "epochs": lengths.arm_epochs}
    run_id = _request(study, lengths, settings, parent_id)
    with reading(study.engine) as session:
        run = get_run(session, run_id)
    snapshot = prepare(study, read_study_catalogue(study), run)
    job = train_folder(study, run_id).read_job()
    if not isinstance(job, TrainJob):
        raise TypeError(f"A training was expected of run {run_id}.")
    return Prepared(snapshot=snapshot, job=job)


def set_seed(kind: ArmKind, job: TrainJob, lengths: Lengths, seed: int) -> TrainJob:
    """The job of one arm with one seed, as long as its experiment says."""
    epochs = lengths.arm_epochs if kind.experiment == "planted" else lengths.gap_epochs
    if not kind.from_parent:
        epochs = lengths.parent_epochs
    return replace(job, settings=replace(job.settings, seed=seed, epochs=epochs))


def train_arm(folder: Path, build: Callable[[], TrainJob], progress: Progress) -> Kept:
    """Train the arm of this folder, or take what is there; its data are removed when it ended."""
    kept = read_kept(folder)
    if kept is not None:
        return kept
    job_folder = JobFolder(path=folder)
    if not job_folder.has_job:
        folder.mkdir(parents=True, exist_ok=True)
        job_folder.write_job(build())
    job = job_folder.read_job()
    if not isinstance(job, TrainJob):
        raise TypeError(f"A training was expected in {folder}.")
    pause = progress.pause(folder.name, job_folder, job.settings.iterations_per_epoch)
    result = follow_to_end(job_folder, Watch(poll_seconds=0.5, pause=pause))
    if result.outcome is not JobOutcome.DONE:
        raise SystemExit(f"{folder.name}: a model was expected, the training is {result.outcome}.")
    size = sum(p.stat().st_size for p in job_folder.work.rglob("*") if p.is_file())
    (folder / "disk.txt").write_text(f"{size}\n")
    shutil.rmtree(job_folder.work)
    progress.say(f"{folder.name}: trained in {result.get(TrainResult).seconds:.0f} s")
    found = read_kept(folder)
    if found is None:
        raise SystemExit(f"{folder.name}: a result was expected.")
    return found


def locate_parent(study: Study, parent_id: int) -> ModelFolder:
    """The parent's files."""
    with reading(study.engine) as session:
        return locate_model(study, session.get_one(ModelVersion, parent_id))


def _request(
    study: Study, lengths: Lengths, settings: dict[str, Any], parent_id: int | None
) -> int:
    request = RunRequest(
        group=GROUP,
        preset="smoke",
        overrides={
            "iterations_per_epoch": lengths.iterations,
            "learning_rate_adapt": lengths.learning_rate,
            **settings,
        },
        parent_model_id=parent_id,
    )
    catalogue = read_study_catalogue(study)
    with transaction(study.engine) as session:
        run = request_run(session, study, catalogue, request, requested_by=None, now=utc_now())
        return stored_id(run)
