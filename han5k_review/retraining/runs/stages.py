"""The three kinds of work of a run: preparing, training, evaluating; each can be done again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlmodel import Session, select

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.errors import DataError, RuleError
from han5k_review.retraining.jobs.machine import Machine
from han5k_review.retraining.jobs.results import PredictResult, TrainResult
from han5k_review.retraining.jobs.tasks import (
    ModelFolder,
    PredictCase,
    PredictJob,
    TrainCase,
    TrainJob,
)
from han5k_review.retraining.models.model_check import check_model
from han5k_review.retraining.models.model_facts import build_facts, write_facts
from han5k_review.retraining.models.model_folders import keep_model, locate_model
from han5k_review.retraining.runs.plan import RunRequest, plan_run
from han5k_review.retraining.runs.run_folders import (
    evaluate_folder,
    manifest_path,
    parent_memory_folder,
    train_folder,
)
from han5k_review.retraining.runs.run_record import note_event
from han5k_review.retraining.teaching.run_scores import CHECKS
from han5k_review.retraining.teaching.scoring import Scores, replace_scores, score_run
from han5k_review.retraining.teaching.snapshot import Snapshot
from han5k_review.store.engine import reading
from han5k_review.store.files import write_atomically
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.store.vocabulary import Arm
from han5k_review.texts.paths import say_cause

_SNAPSHOT = TypeAdapter(Snapshot)


def prepare(
    study: Study, catalogue: Catalogue, run: RetrainRun, machine: Machine | None = None
) -> Snapshot:
    """Freeze the snapshot, write the manifest and the training job; returns the snapshot.

    `machine` is judged when the job will run on it. RuleError when the run cannot start, be it
    that the study or the machine changed since the request; DataError when a mask or volume it
    names is not on disk.
    """
    request = RunRequest(
        group=run.group,
        preset=run.preset,
        overrides=run.settings,
        parent_model_id=run.parent_model_id,
        device=run.device,
    )
    with reading(study.engine) as session:
        plan = plan_run(session, study, catalogue, request, machine)
        parent = _find_parent(session, study, run)
    if plan.refusals:
        raise RuleError(" ".join(plan.refusals))
    _check_files(study, plan.snapshot)
    if parent is not None:
        check_model(parent)
    write_atomically(manifest_path(study, stored_id(run)), plan.snapshot.manifest())
    train_folder(study, stored_id(run)).write_job(_train_job(study, run, plan.snapshot, parent))
    return plan.snapshot


def read_snapshot(study: Study, run: RetrainRun) -> Snapshot:
    """The frozen snapshot; DataError when its hash is not the run's."""
    path = manifest_path(study, stored_id(run))
    try:
        content = path.read_bytes()
        snapshot = _SNAPSHOT.validate_json(content)
    except (OSError, ValidationError) as error:
        raise DataError(
            f"The manifest of run {run.id} was expected at {path}: {say_cause(error)}."
        ) from error
    if hashlib.sha256(content).hexdigest() != run.manifest_sha256:
        raise DataError(f"The manifest {path} was changed after run {run.id} was prepared.")
    return snapshot


def keep_candidate(study: Study, run: RetrainRun, result: TrainResult) -> ModelVersion:
    """Move the trained model into the study; the row is not yet stored."""
    snapshot = read_snapshot(study, run)
    rule = result.postprocessing
    trained = ModelFolder(
        folder=train_folder(study, stored_id(run)).model,
        checkpoint_sha256=result.checkpoint_sha256,
        postprocessing_sha256=None if rule is None else rule.sha256,
    )
    name = f"group-{run.group}-run-{run.id}"
    kept = keep_model(study, name, trained)
    return ModelVersion(
        name=name,
        parent_id=run.parent_model_id,
        run_id=run.id,
        group=run.group,
        folder=name,
        checkpoint_sha256=kept.checkpoint_sha256,
        labels=snapshot.labels,
        card=write_facts(build_facts(run, snapshot, result)),
    )


def write_evaluation(study: Study, run: RetrainRun) -> None:
    """Write the prediction job of the held-out cases: candidate, and parent when there is one.

    DataError when the run has no model.
    """
    snapshot = read_snapshot(study, run)
    with reading(study.engine) as session:
        parent = _find_parent(session, study, run)
        candidate = session.get(ModelVersion, run.result_model_id)
    if candidate is None:
        raise DataError(f"The model of run {run.id} was expected in the study, found none.")
    models = {Arm.CANDIDATE.value: locate_model(study, candidate)}
    if parent is not None:
        models[Arm.PARENT.value] = parent
    evaluate_folder(study, stored_id(run)).write_job(
        PredictJob(
            volumes=study.volumes.folder,
            masks=study.labels.folder,
            models=models,
            cases=tuple(
                PredictCase(name=c.name, image_sha256=c.image_sha256)
                for c in (*snapshot.held_out, *snapshot.sealed)
            ),
            settings=snapshot.settings,
            device=run.device,
        )
    )


def measure_run(
    study: Study,
    catalogue: Catalogue,
    run: RetrainRun,
    result: PredictResult,
    on_case: Callable[[], object] = lambda: None,
) -> Scores:
    """Measure what the prediction job stored; `on_case` is called before each case."""
    return score_run(
        study,
        catalogue,
        read_snapshot(study, run),
        stored_id(run),
        {Arm(name): found for name, found in result.masks.items()},
        on_case,
    )


def store_scores(session: Session, run: RetrainRun, scores: Scores, now: datetime) -> None:
    """Store rows and checks of an evaluation."""
    replace_scores(session, stored_id(run), scores)
    swapped = {
        arm.value: {name: list(cases) for name, cases in found.items()}
        for arm, found in scores.swapped.items()
    }
    note_event(session, run, CHECKS, now, swapped=swapped)


def _find_parent(session: Session, study: Study, run: RetrainRun) -> ModelFolder | None:
    query = select(ModelVersion).where(ModelVersion.id == run.parent_model_id)
    parent = session.exec(query).one_or_none()
    return None if parent is None else locate_model(study, parent)


def _check_files(study: Study, snapshot: Snapshot) -> None:
    for case in (*snapshot.teaching, *snapshot.held_out, *snapshot.sealed):
        study.volumes.get_index(case.image_sha256)
        for sha256 in (*case.trusted.values(), *(r.mask_sha256 for r in case.references)):
            if not study.labels.path(sha256).exists():
                raise DataError(
                    f"{case.name}: a mask was expected at {study.labels.path(sha256)}, found "
                    "none; restore the labels folder."
                )


def _train_job(
    study: Study, run: RetrainRun, snapshot: Snapshot, parent: ModelFolder | None
) -> TrainJob:
    parent_id = run.parent_model_id
    return TrainJob(
        volumes=study.volumes.folder,
        masks=study.labels.folder,
        labels=snapshot.labels,
        inside=snapshot.inside,
        cases=tuple(
            TrainCase(
                name=c.name,
                image_sha256=c.image_sha256,
                masks={n: h for n, h in c.trusted.items() if n in snapshot.labels},
                predicted_by_parent=tuple(
                    m.structure
                    for m in c.masks
                    if m.trusted and m.model_version_id and m.model_version_id == parent_id
                ),
                shows_pieces=tuple(
                    m.structure
                    for m in c.masks
                    if m.shows_pieces and m.structure in snapshot.labels
                ),
                revised=tuple(n for n in c.revised if n in snapshot.labels),
                weight=c.weight,
                monitor=c.monitor,
            )
            for c in snapshot.teaching
        ),
        settings=snapshot.settings,
        device=run.device,
        parent=parent,
        memory=None if parent is None else parent_memory_folder(study),
    )
