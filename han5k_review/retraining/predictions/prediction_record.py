"""A prediction's record: asked for, moved, cancelled; every change leaves an audit row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from han5k_review.errors import DataError, RuleError
from han5k_review.retraining.jobs.machine import choose_device
from han5k_review.retraining.predictions.offered_structures import list_offered_structures
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import PredictionRun
from han5k_review.store.tables import Case, ModelVersion, Reader
from han5k_review.store.vocabulary import ModelState, PredictionState, Uncertainty
from han5k_review.study import find_cases

_MOVES: Mapping[PredictionState, frozenset[PredictionState]] = {
    PredictionState.QUEUED: frozenset({PredictionState.PREDICTING, PredictionState.CANCELLED}),
    PredictionState.PREDICTING: frozenset(
        {PredictionState.DONE, PredictionState.FAILED, PredictionState.CANCELLED}
    ),
}
UNFINISHED = frozenset(_MOVES)
"""States in which a prediction waits or works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRequest:
    """What a person asks for: cases by name, a model in use, and how sure it is of its contours.

    `structures` are those whose contours are kept; none named: those that are not worse
    (`list_offered_structures`). `member_ids` are the further model versions of an ensemble.
    """

    model_id: int
    cases: Sequence[str]
    structures: Sequence[str] = ()
    uncertainty: Uncertainty = Uncertainty.OFF
    member_ids: Sequence[int] = ()
    device: str = "cpu"
    dask_address: str | None = None


def request_prediction(
    session: Session,
    request: PredictionRequest,
    *,
    actor: str,
    now: datetime,
    requested_by: Reader | None = None,
) -> PredictionRun:
    """Put cases in the queue for a model in use.

    RuleError for a model that is not promoted, unknown cases or structures, none that passed the
    gate and none named, the same request while it is unfinished, and members that do not predict
    the same structures.
    """
    model = get_promoted(session, request.model_id)
    chosen = [c.name for c in get_cases(session, request.cases)]
    structures = _choose_structures(session, model, request)
    members = _get_members(session, model, request)
    other = find_unfinished(session, request)
    if other is not None:
        raise RuleError(
            f"{model.name} is predicting these cases already, as prediction {other.id}."
        )
    row = PredictionRun(
        state=PredictionState.QUEUED,
        model_id=request.model_id,
        cases=chosen,
        structures=structures,
        uncertainty=request.uncertainty,
        member_ids=members,
        device=choose_device(request.device),
        dask_address=request.dask_address,
        requested_by_id=requested_by.id if requested_by else None,
        actor=actor,
        created_at_utc=now,
    )
    session.add(row)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action="prediction requested",
        subject=f"prediction {row.id}",
        model=model.name,
        cases=chosen,
        structures=structures,
        uncertainty=request.uncertainty.value,
    )
    return row


def find_unfinished(session: Session, request: PredictionRequest) -> PredictionRun | None:
    """The newest prediction of the same cases by the same model that waits or works."""
    chosen = [c.name for c in get_cases(session, request.cases)]
    rows = list_predictions(session)
    same = (r for r in rows if r.model_id == request.model_id and r.cases == chosen)
    return next((r for r in same if r.state in UNFINISHED), None)


def get_promoted(session: Session, model_id: int) -> ModelVersion:
    """The model, when it is in use; RuleError for any other."""
    model = session.get(ModelVersion, model_id)
    if model is None or model.state != ModelState.PROMOTED:
        raise RuleError(f"A promoted model was expected to predict with; {model_id} is not one.")
    return model


def get_cases(session: Session, names: Sequence[str]) -> Sequence[Case]:
    """The cases by name; RuleError names the unknown ones."""
    cases, unknown = find_cases(session, names)
    if unknown or not cases:
        raise RuleError(f"Cases of the study were expected, found {', '.join(unknown) or 'none'}.")
    return cases


def _choose_structures(
    session: Session, model: ModelVersion, request: PredictionRequest
) -> list[str]:
    wanted = tuple(request.structures) or list_offered_structures(session, model).usual
    unknown = [name for name in wanted if name not in model.labels]
    if unknown:
        raise RuleError(
            f"Structures that {model.name} predicts were expected, found {', '.join(unknown)}."
        )
    if not wanted:
        raise RuleError(
            f"The gate passed no structure of {model.name}, so none is predicted by itself; name "
            "those that you want all the same."
        )
    return [name for name in model.labels if name in wanted]


def _get_members(session: Session, model: ModelVersion, request: PredictionRequest) -> list[int]:
    member_ids = request.member_ids
    if request.uncertainty is not Uncertainty.ENSEMBLE:
        return []
    others = [session.get(ModelVersion, number) for number in dict.fromkeys(member_ids)]
    fitting = [m for m in others if m is not None and m.labels == model.labels and m != model]
    if not fitting or len(fitting) < len(others):
        raise RuleError(
            f"Other model versions with the label table of {model.name} were expected for an "
            f"ensemble, found {', '.join(map(str, member_ids)) or 'none'}."
        )
    return [stored_id(m) for m in fitting]


def get_prediction(session: Session, prediction_id: int) -> PredictionRun:
    """The prediction; DataError when there is none."""
    row = session.get(PredictionRun, prediction_id)
    if row is None:
        raise DataError(f"A prediction {prediction_id} was expected, found none.")
    return row


def list_predictions(session: Session) -> Sequence[PredictionRun]:
    """All predictions, newest first."""
    return session.exec(select(PredictionRun).order_by(col(PredictionRun.id).desc())).all()


def move_prediction(
    session: Session,
    row: PredictionRun,
    state: PredictionState,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
) -> None:
    """Change the state; RuleError when the present one does not lead there."""
    if state not in _MOVES.get(row.state, frozenset()):
        raise RuleError(f"A prediction that is {row.state.word} cannot become {state.word}.")
    row.state = state
    if state not in UNFINISHED:
        row.worker, row.finished_at_utc = None, now
    if state is PredictionState.FAILED:
        row.error = reason
    session.add(row)
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"prediction {state.word}",
        subject=f"prediction {row.id}",
        reason=reason,
    )


def cancel_prediction(
    session: Session, prediction_id: int, *, actor: str, now: datetime
) -> PredictionRun:
    """Stop it: at once in the queue, after the case in hand when it works; RuleError afterwards."""
    row = get_prediction(session, prediction_id)
    if row.state is PredictionState.PREDICTING:
        row.cancel_requested = True
        session.add(row)
        return row
    move_prediction(session, row, PredictionState.CANCELLED, actor=actor, now=now)
    return row
