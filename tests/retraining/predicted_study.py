"""Predictions of a phantom study whose process predicted what a test wants."""

from __future__ import annotations

import numpy as np
from sqlmodel import Session, select

from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import Entropy, JobOutcome, JobResult, PredictResult
from han5k_review.retraining.jobs.tasks import MAIN_MODEL
from han5k_review.retraining.predictions.prediction_jobs import PredictionJobs
from han5k_review.retraining.predictions.prediction_record import (
    PredictionRequest,
    request_prediction,
)
from han5k_review.review.labels import list_under_review
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.run_tables import RetrainRun, RunScore
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, ModelVersion
from han5k_review.store.vocabulary import Arm, LabelSource, ModelState, ReferenceKind, RunState
from rigs.phantom_study import GRID

NAMES = ("BrainStem", "ParotidL", "ParotidR")
CASE = "HN-004"  # held out: nobody graded it


def add_model(study: Study) -> None:
    """A model of three structures in use that no run of the study made."""
    with transaction(study.engine) as session:
        session.add(
            ModelVersion(
                name="from elsewhere",
                folder="none",
                group="2",
                checkpoint_sha256="0" * 64,
                labels={name: value for value, name in enumerate(NAMES, start=1)},
                state=ModelState.PROMOTED,
            )
        )


def add_run(session: Session, scores: dict[str, tuple[float, float]]) -> ModelVersion:
    """A model of a run that predicted five cases with (before, after) Dice."""
    run = RetrainRun(state=RunState.AWAITING_APPROVAL, preset="smoke", group="2")
    session.add(run)
    session.flush()
    cases = session.exec(select(Case)).all()
    for name, pair in scores.items():
        for held in cases:
            for arm, dice in zip((Arm.PARENT, Arm.CANDIDATE), pair, strict=True):
                session.add(
                    RunScore(
                        run_id=stored_id(run),
                        case_id=stored_id(held),
                        structure=name,
                        arm=arm,
                        reference_kind=ReferenceKind.REFERENCE,
                        reference_sha256="a",
                        prediction_sha256="b",
                        dice=dice,
                        hd95_mm=3.0,
                        volume_prediction_cc=9.0,
                    )
                )
    model = session.get_one(ModelVersion, 1)
    model.run_id = run.id
    session.add(model)
    session.flush()
    return model


def mask_of(session: Session, study: Study, structure: str) -> StructureMask:
    case = session.exec(select(Case).where(Case.name == CASE)).one()
    present = list_under_review(session, stored_id(case))[structure]
    return study.labels.get_mask(present.mask_sha256, GRID)


def grown(mask: StructureMask, slices: int) -> StructureMask:
    """The mask, and its middle slice repeated below and above: every slice as large."""
    flat = mask.voxels.any(2)
    box = np.repeat(flat[:, :, None], slices, axis=2)
    return StructureMask.from_box(box, mask.start_ijk, mask.grid)


def predict(
    study: Study,
    masks: dict[str, StructureMask],
    *,
    names: tuple[str, ...] = NAMES,
    entropies: dict[str, Entropy] | None = None,
) -> int:
    """A prediction of one case whose process predicted these masks."""
    with transaction(study.engine) as session:
        request = PredictionRequest(model_id=1, cases=[CASE], structures=names)
        number = stored_id(request_prediction(session, request, actor="eve", now=utc_now()))
    jobs = PredictionJobs(study=study)
    assert jobs.claim(only=number) == number
    hashes = {name: study.labels.put_mask(mask) for name, mask in masks.items()}
    values = PredictResult(
        masks={MAIN_MODEL: {CASE: hashes}}, entropies={MAIN_MODEL: {CASE: entropies or {}}}
    )
    result = JobResult(outcome=JobOutcome.DONE, values=values)
    jobs.take_result(jobs.look(number), JobFolder(path=study.runs / "nothing"), result)
    return number


def predict_three(study: Study) -> int:
    """An empty brainstem, a left parotid of one slice, a right one of twice the slices."""
    return predict(study, build_three(study))


def build_three(study: Study) -> dict[str, StructureMask]:
    with reading(study.engine) as session:
        left, right = (mask_of(session, study, name) for name in ("ParotidL", "ParotidR"))
    return {
        "BrainStem": StructureMask.empty(GRID),
        "ParotidL": StructureMask.from_box(left.voxels[:, :, :1], left.start_ijk, GRID),
        "ParotidR": grown(right, 2 * right.voxels.shape[2] + 2),
    }


def under_review(study: Study) -> dict[str, tuple[LabelSource, int]]:
    with reading(study.engine) as session:
        case = session.exec(select(Case).where(Case.name == CASE)).one()
        found = list_under_review(session, stored_id(case))
        return {name: (label.source, stored_id(label)) for name, label in found.items()}
