"""From a prediction's record to its job, and from the predicted masks to label versions."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import RuleError
from han5k_review.imaging.mask import StructureMask
from han5k_review.retraining.jobs.folders import JobFolder, clear_outcome
from han5k_review.retraining.jobs.results import CaseMasks, Doubt, Entropy, PredictResult
from han5k_review.retraining.jobs.tasks import MAIN_MODEL, ModelFolder, PredictCase, PredictJob
from han5k_review.retraining.models.model_check import check_model
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.predictions.changes import (
    Change,
    FoundChange,
    StructureChanges,
    count_changes,
    find_change,
)
from han5k_review.retraining.predictions.prediction_record import get_cases, get_promoted
from han5k_review.retraining.settings import resolve_settings
from han5k_review.review.labels import list_under_review
from han5k_review.store.audit import add_audit
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import LabelUncertainty, PredictionLabel, PredictionRun
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import LabelSource


def prediction_folder(study: Study, row: PredictionRun) -> JobFolder:
    """The job folder of a prediction."""
    return JobFolder(path=study.runs / f"prediction-{row.id}")


def write_prediction(study: Study, row: PredictionRun, folder: JobFolder) -> None:
    """Write the job; cases an earlier, unfinished prediction of the same stored are taken over.

    RuleError when the model is no longer in use, DataError for a checkpoint of another hash.
    """
    with reading(study.engine) as session:
        model = get_promoted(session, row.model_id)
        cases = get_cases(session, row.cases)
        members = [session.get_one(ModelVersion, number) for number in row.member_ids]
    models = [locate_model(study, m) for m in (model, *members)]
    for found in models:
        check_model(found)
    names = [MAIN_MODEL, *(f"member-{m.id}" for m in members)]
    job = PredictJob(
        volumes=study.volumes.folder,
        masks=study.labels.folder,
        models=dict(zip(names, models, strict=True)),
        cases=tuple(PredictCase(name=c.name, image_sha256=c.image_sha256) for c in cases),
        settings=resolve_settings("smoke" if row.device == "cpu" else "adapt"),
        device=row.device,
        uncertainty=row.uncertainty,
        together=True,
        kept=study.runs / "predicted" / f"{_key(models, row)}.json",
        dask_address=row.dask_address,
    )
    clear_outcome(folder)
    folder.write_job(job)


def _key(models: list[ModelFolder], row: PredictionRun) -> str:
    """What decides how a case is predicted: the same key means the same masks."""
    parts = [row.uncertainty.value, row.device.partition(":")[0]]
    parts += [m.checkpoint_sha256 for m in models]
    parts += [m.postprocessing_sha256 for m in models if m.postprocessing_sha256]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def store_predictions(
    study: Study, row: PredictionRun, result: PredictResult, *, now: datetime
) -> dict[str, StructureChanges]:
    """Keep what was predicted as label versions that wait for a decision, case by case.

    Returns, per structure, how the predictions compare with the contours under review. Empty
    predictions and those that are the same as the contour under review are counted and not kept.
    RuleError when a case has no masks.
    """
    masks, doubts = result.masks[MAIN_MODEL], result.doubts.get(MAIN_MODEL, {})
    entropies = result.entropies.get(MAIN_MODEL, {})
    with reading(study.engine) as session:
        model = session.get_one(ModelVersion, row.model_id)
        cases = get_cases(session, row.cases)
    missing = [c.name for c in cases if c.name not in masks]
    if missing:
        raise RuleError(f"Masks of every case were expected, none were predicted of {missing}.")
    found: list[FoundChange] = []
    for case in cases:
        predicted = _PredictedCase(
            case=case,
            masks=masks[case.name],
            doubts=doubts.get(case.name, {}),
            entropies=entropies.get(case.name, {}),
        )
        with transaction(study.engine) as session:
            found += _store(session, study, model, predicted, row, now)
    return count_changes(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _PredictedCase:
    """What was predicted of one case: structure -> mask hash, doubt and entropy if measured."""

    case: Case
    masks: CaseMasks
    doubts: Mapping[str, Doubt]
    entropies: Mapping[str, Entropy]


def _store(
    session: Session,
    study: Study,
    model: ModelVersion,
    predicted: _PredictedCase,
    row: PredictionRun,
    now: datetime,
) -> list[FoundChange]:
    present = list_under_review(session, stored_id(predicted.case))
    known = _list_known(session, predicted.case, row)
    grid = study.volumes.get_index(predicted.case.image_sha256).grid
    found: list[FoundChange] = []
    new: list[str] = []
    for name, sha256 in predicted.masks.items():
        if row.structures is not None and name not in row.structures:
            continue
        label = _build_label(predicted.case, model, name, study.labels.get_mask(sha256, grid))
        there = present.get(name)
        same = there is not None and there.mask_sha256 == sha256
        change = find_change(label.volume_cc, there.volume_cc if there else None, same=same)
        entropy = predicted.entropies.get(name)
        found.append(FoundChange(structure=name, change=change, highest=_find_highest(entropy)))
        if change in (Change.EMPTY, Change.SAME) or name in known:
            continue
        new.append(name)
        label.created_at_utc = now
        _add(session, row, label, entropy)
        doubt = predicted.doubts.get(name)
        if doubt is not None:
            session.add(_doubt(label, doubt, row, now))
    if new:
        add_audit(
            session,
            at_utc=now,
            actor=row.actor,
            action="predicted",
            subject=predicted.case.name,
            model=model.name,
            structures=sorted(new),
        )
    return found


def _list_known(session: Session, case: Case, row: PredictionRun) -> set[str]:
    """Structures of the case that an interrupted attempt of this prediction stored already."""
    query = (
        select(LabelVersion.structure)
        .join(PredictionLabel, col(PredictionLabel.label_version_id) == LabelVersion.id)
        .where(LabelVersion.case_id == case.id, PredictionLabel.prediction_id == row.id)
    )
    return set(session.exec(query))


def _find_highest(entropy: Entropy | None) -> float | None:
    return None if entropy is None else entropy.highest


def _add(
    session: Session, row: PredictionRun, label: LabelVersion, entropy: Entropy | None
) -> None:
    session.add(label)
    session.flush()
    session.add(
        PredictionLabel(
            prediction_id=stored_id(row),
            label_version_id=stored_id(label),
            entropy=None if entropy is None else entropy.mean,
        )
    )


def _build_label(case: Case, model: ModelVersion, name: str, mask: StructureMask) -> LabelVersion:
    return LabelVersion(
        case_id=stored_id(case),
        structure=name,
        source=LabelSource.PREDICTION,
        mask_sha256=mask.sha256,
        voxels=mask.voxel_count,
        volume_cc=mask.volume_cc,
        model_version_id=model.id,
        note=f"predicted by {model.name}",
    )


def _doubt(
    label: LabelVersion, doubt: Doubt, row: PredictionRun, now: datetime
) -> LabelUncertainty:
    return LabelUncertainty(
        label_version_id=stored_id(label),
        method=row.uncertainty,
        members=doubt.members,
        disagreement=doubt.disagreement,
        volume_spread=doubt.volume_spread,
        measured_at_utc=now,
    )
