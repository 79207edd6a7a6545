"""Prediction from start to end in one call: queue it, draw it here, store its label versions."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from han5k_review.errors import ConflictError, DataError
from han5k_review.retraining.jobs.launcher import Launcher, LocalLauncher
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.predictions.prediction_jobs import PredictionJobs
from han5k_review.retraining.predictions.prediction_record import (
    UNFINISHED,
    get_cases,
    get_promoted,
    request_prediction,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import PredictionState, Uncertainty


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
    uncertainty: Uncertainty = Uncertainty.OFF,
    member_ids: Sequence[int] = (),
    dask_address: str | None = None,
    launcher: Launcher | None = None,
    poll_seconds: float = 2.0,
    pause: Callable[[float], None] = time.sleep,
    on_progress: Callable[[dict[str, Any]], None] | None = None,
) -> PredictionReport:
    """Draw `names` with a promoted model and store its masks as label versions to be reviewed.

    Asking for the same again goes on where a broken prediction stopped, and writes nothing twice.
    RuleError for a model that is not promoted or an unknown case, ConflictError when the device
    is taken, DataError when predicting fails or is cancelled.
    """
    with transaction(study.engine) as session:
        found = _find_unfinished(session, model_id, names) or request_prediction(
            session,
            model_id,
            names,
            actor=actor,
            now=utc_now(),
            uncertainty=uncertainty,
            member_ids=member_ids,
            device=device,
            dask_address=dask_address,
        )
        prediction_id = stored_id(found)
    supervisor = Supervisor(
        kind=PredictionJobs(study=study, device=device, on_progress=on_progress),
        launcher=launcher or LocalLauncher(),
        poll_seconds=poll_seconds,
        pause=pause,
    )
    if supervisor.claim(only=prediction_id) is None:
        raise ConflictError(
            f"Prediction {prediction_id} waits in the queue: {device} is taken by other work."
        )
    row = supervisor.work_on(prediction_id)
    if row.state is not PredictionState.DONE:
        why = row.error or f"it is {row.state}"
        raise DataError(f"Prediction {prediction_id} of {len(row.cases)} cases did not end: {why}")
    return PredictionReport(cases=len(row.cases), new_labels=row.new_labels)


def _find_unfinished(session: Session, model_id: int, names: Sequence[str]) -> PredictionRun | None:
    """The same request of somebody who was interrupted: it is taken up, not asked for twice."""
    get_promoted(session, model_id)
    chosen = [c.name for c in get_cases(session, names)]
    query = select(PredictionRun).where(
        PredictionRun.model_id == model_id, col(PredictionRun.state).in_(list(UNFINISHED))
    )
    return next((row for row in session.exec(query) if row.cases == chosen), None)
