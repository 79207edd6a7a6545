"""Prediction: the promoted model draws chosen cases, and a new review round can begin with them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.errors import DataError, RuleError
from han5k_review.retraining.jobs import JobFolder, JobResult, Outcome, PredictCase, PredictJob
from han5k_review.retraining.launcher import Launcher, LocalLauncher
from han5k_review.retraining.model_folders import locate_model
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion, ModelVersion
from han5k_review.store.vocabulary import LabelSource, ModelState

_MODEL = "model"
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionReport:
    """What a prediction wrote: cases, and label versions that were new."""

    cases: int
    new_labels: int


def predict_cases(
    study: Study,
    model_id: int,
    names: Sequence[str],
    *,
    actor: str,
    device: str = "cpu",
    launcher: Launcher | None = None,
    poll_seconds: float = 2.0,
    pause: Callable[[float], None] = time.sleep,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> PredictionReport:
    """Draw `names` with a promoted model and store its masks as label versions to be reviewed.

    Asking for the same again goes on where a broken prediction stopped, and writes nothing twice.
    RuleError for a model that is not promoted or an unknown case, DataError when predicting fails.
    """
    with reading(study.engine) as session:
        model = _get_promoted(session, model_id)
        cases = _get_cases(session, names)
    folder = _folder(study, model, cases)
    if not folder.has_job:
        folder.write_job(_job(study, model, cases, device))
    result = _follow(folder, launcher or LocalLauncher(), poll_seconds, pause, on_progress)
    if result.outcome is not Outcome.DONE:
        raise DataError(f"{model.name} could not draw {len(cases)} cases: {result.error}")
    masks = result.values["masks"][_MODEL]
    written = 0
    for case in cases:
        with transaction(study.engine) as session:
            written += _store(session, study, model, case, masks[case.name], actor, utc_now())
    return PredictionReport(cases=len(cases), new_labels=written)


def _get_promoted(session: Session, model_id: int) -> ModelVersion:
    model = session.get(ModelVersion, model_id)
    if model is None or model.state != ModelState.PROMOTED:
        raise RuleError(f"A promoted model was expected to predict with; {model_id} is not one.")
    return model


def _get_cases(session: Session, names: Sequence[str]) -> Sequence[Case]:
    cases = session.exec(select(Case).where(col(Case.name).in_(names)).order_by(Case.name)).all()
    unknown = sorted(set(names) - {c.name for c in cases})
    if unknown or not cases:
        raise RuleError(f"Cases of the study were expected, found {', '.join(unknown) or 'none'}.")
    return cases


def _folder(study: Study, model: ModelVersion, cases: Sequence[Case]) -> JobFolder:
    chosen = hashlib.sha256("\n".join(c.image_sha256 for c in cases).encode()).hexdigest()
    return JobFolder(path=study.runs / f"predict-{model.id}-{chosen[:12]}")


def _job(study: Study, model: ModelVersion, cases: Sequence[Case], device: str) -> PredictJob:
    return PredictJob(
        volumes=study.volumes.folder,
        masks=study.labels.folder,
        models={_MODEL: locate_model(study, model)},
        cases=tuple(PredictCase(name=c.name, image_sha256=c.image_sha256) for c in cases),
        settings=resolve_settings("smoke" if device == "cpu" else "adapt"),
        device=device,
    )


def _follow(
    folder: JobFolder,
    launcher: Launcher,
    poll_seconds: float,
    pause: Callable[[float], None],
    on_progress: Callable[[dict[str, Any]], None] | None,
) -> JobResult:
    """Start the process, again when it dies, and wait for its result."""
    job, attempts = folder.read_job(), 0
    while True:
        process = launcher.find(folder)
        result = folder.find_result()
        if result is not None:
            launcher.clear(folder)
            return result
        if process is None:
            launcher.clear(folder)
            if attempts == _ATTEMPTS:
                raise DataError(f"Predicting died {attempts} times; see {folder.log}.")
            attempts += 1
            launcher.start(folder, job)
        if on_progress is not None:
            on_progress(folder.find_progress())
        pause(poll_seconds)


def _store(
    session: Session,
    study: Study,
    model: ModelVersion,
    case: Case,
    masks: dict[str, str],
    actor: str,
    now: datetime,
) -> int:
    """Add the label versions of one case that are not there yet; returns how many."""
    query = select(LabelVersion.structure, LabelVersion.mask_sha256).where(
        LabelVersion.case_id == case.id, LabelVersion.model_version_id == model.id
    )
    known = set(session.exec(query))
    new = {n: sha256 for n, sha256 in masks.items() if (n, sha256) not in known}
    grid = study.volumes.get_index(case.image_sha256).grid
    for name, sha256 in new.items():
        mask = study.labels.get_mask(sha256, grid)
        session.add(
            LabelVersion(
                case_id=case.id or 0,
                structure=name,
                source=LabelSource.PREDICTION,
                mask_sha256=sha256,
                voxels=mask.voxel_count,
                volume_cc=mask.volume_cc,
                model_version_id=model.id,
                note=f"drawn by {model.name}",
                created_at_utc=now,
            )
        )
    if new:
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action="predicted",
            subject=case.name,
            model=model.name,
            structures=sorted(new),
        )
    return len(new)
