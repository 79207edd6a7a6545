"""Prediction from start to end in one call: queue it, predict it here, store its label versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from han5k_review.errors import ConflictError, DataError
from han5k_review.retraining.jobs.supervisor import Supervisor
from han5k_review.retraining.jobs.watch import Watch
from han5k_review.retraining.predictions.changes import StructureChanges, read_changes
from han5k_review.retraining.predictions.decisions import put_under_review
from han5k_review.retraining.predictions.prediction_jobs import PredictionJobs
from han5k_review.retraining.predictions.prediction_record import (
    PredictionRequest,
    find_unfinished,
    get_promoted,
    request_prediction,
)
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.vocabulary import PredictionState


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionReport:
    """What came of a prediction: cases, contours to review, and how they compare with those now.

    `is_under_review` says whether a new round began with them, or they wait for a decision.
    """

    prediction_id: int
    cases: int
    new_labels: int
    changes: Mapping[str, StructureChanges]
    is_under_review: bool


def predict_cases(
    study: Study,
    request: PredictionRequest,
    *,
    actor: str,
    watch: Watch | None = None,
    begin_round: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> PredictionReport:
    """Predict the cases with a promoted model and store its masks as label versions.

    They wait for a decision (predictions/decisions.py); with `begin_round` they are put under
    review at once. Asking for the same again goes on where a broken prediction stopped, and writes
    nothing twice.
    RuleError for a model that is not promoted or an unknown case, ConflictError when the device
    is taken, DataError when predicting fails or is cancelled.
    """
    with transaction(study.engine) as session:
        get_promoted(session, request.model_id)
        # The same request of somebody who was interrupted is taken up, not asked for twice.
        found = find_unfinished(session, request) or request_prediction(
            session, request, actor=actor, now=clock()
        )
        prediction_id = stored_id(found)
    supervisor = Supervisor(
        kind=PredictionJobs(study=study, device=request.device, clock=clock), watch=watch or Watch()
    )
    if supervisor.claim(only=prediction_id) is None:
        raise ConflictError(
            f"Prediction {prediction_id} waits in the queue: {request.device} is taken by other "
            "work."
        )
    row = supervisor.work_on(prediction_id)
    if row.state is not PredictionState.DONE:
        why = row.error or f"it is {row.state.word}"
        raise DataError(f"Prediction {prediction_id} of {len(row.cases)} cases did not end: {why}")
    begins = begin_round and row.new_labels > 0
    if begins:
        with transaction(study.engine) as session:
            put_under_review(session, prediction_id, actor=actor, now=clock())
    return PredictionReport(
        prediction_id=prediction_id,
        cases=len(row.cases),
        new_labels=row.new_labels,
        changes=read_changes(row.found),
        is_under_review=begins,
    )
