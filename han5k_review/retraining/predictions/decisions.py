"""What people decide about predicted contours: under review, set aside, withdrawn.

A prediction that is done waits for a person. No contour is changed by a decision: review/labels.py
shows those of a prediction while the decisions on it say so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from han5k_review.errors import RuleError
from han5k_review.retraining.models.model_decisions import need_reason
from han5k_review.retraining.predictions.prediction_record import get_prediction
from han5k_review.review.labels import UNDER_REVIEW, is_shown
from han5k_review.store.audit import add_audit
from han5k_review.store.identity import CaseStructure, stored_id
from han5k_review.store.prediction_tables import (
    PredictionDecision,
    PredictionLabel,
    PredictionRun,
)
from han5k_review.store.tables import Case, Grade, LabelVersion, Revision
from han5k_review.store.vocabulary import PredictionAct, PredictionState
from han5k_review.texts.counts import say_count

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundUse:
    """What readers did with the contours of a prediction: grades given, revisions submitted."""

    contours: int
    grades: int
    revisions: int


def find_act(session: Session, prediction_id: int) -> PredictionAct | None:
    """The newest decision on a prediction; None while it waits for one."""
    return list_acts(session).get(prediction_id)


def list_acts(session: Session) -> Mapping[int, PredictionAct]:
    """Prediction id -> the newest decision on it."""
    rows = session.exec(select(PredictionDecision).order_by(col(PredictionDecision.id)))
    return {row.prediction_id: row.act for row in rows}


def put_under_review(
    session: Session, prediction_id: int, *, actor: str, now: datetime
) -> PredictionDecision:
    """Its contours are the ones under review: a new round begins.

    RuleError unless it is done and waits for a decision, when it predicted nothing to review, and
    when contours came under review after it was predicted: its counts would not hold any more.
    """
    row = _get_waiting(session, prediction_id)
    predicted = _list_predicted(session, prediction_id)
    if not predicted:
        raise RuleError(f"Prediction {prediction_id} predicted no contour that could be reviewed.")
    later = _list_later(session, predicted)
    if later:
        raise RuleError(
            f"Prediction {prediction_id} is older than "
            f"{say_count(len(later), 'contour that is', 'contours that are')} under review now "
            f"({', '.join(later[:_NAMED])}); set it aside and predict again."
        )
    return _decide(session, row, PredictionAct.PUT_UNDER_REVIEW, actor, "", now)


def set_aside(
    session: Session, prediction_id: int, *, actor: str, reason: str, now: datetime
) -> PredictionDecision:
    """Its contours never come under review. RuleError unless it waits for a decision."""
    row = _get_waiting(session, prediction_id)
    return _decide(session, row, PredictionAct.SET_ASIDE, actor, reason.strip(), now)


def withdraw(
    session: Session, prediction_id: int, *, actor: str, reason: str, now: datetime
) -> PredictionDecision:
    """The contours before it are under review again, with the grades they had.

    Grades and revisions made on the withdrawn contours stay in the record. RuleError without a
    reason, and unless its contours are under review.
    """
    row = get_prediction(session, prediction_id)
    need_reason(reason)
    act = find_act(session, prediction_id)
    if act is not PredictionAct.PUT_UNDER_REVIEW:
        raise RuleError(
            f"Contours of prediction {prediction_id} were expected under review; it is "
            f"{act.value if act else row.state.word}."
        )
    return _decide(session, row, PredictionAct.WITHDRAWN, actor, reason.strip(), now)


def measure_use(session: Session, prediction_id: int) -> RoundUse:
    """How much was done on the contours of a prediction; for whoever is to withdraw it."""
    own = select(PredictionLabel.label_version_id).where(
        PredictionLabel.prediction_id == prediction_id
    )

    def count(column: object, *where: object) -> int:
        return session.exec(select(func.count()).select_from(column).where(*where)).one()  # type: ignore[arg-type]

    return RoundUse(
        contours=count(PredictionLabel, PredictionLabel.prediction_id == prediction_id),
        grades=count(Grade, col(Grade.label_version_id).in_(own), col(Grade.raw_code).is_not(None)),
        revisions=count(Revision, col(Revision.reviewed_id).in_(own)),
    )


def list_first_predicted(session: Session, prediction_id: int) -> Mapping[str, str]:
    """Name of the case -> the structure drawn first in it; to look at what waits."""
    rows = session.exec(
        select(Case.name, LabelVersion.structure)
        .join(LabelVersion, col(LabelVersion.case_id) == Case.id)
        .join(PredictionLabel, col(PredictionLabel.label_version_id) == LabelVersion.id)
        .where(PredictionLabel.prediction_id == prediction_id)
        .order_by(col(LabelVersion.id))
    )
    found: dict[str, str] = {}
    for name, structure in rows:
        found.setdefault(name, structure)
    return found


def _get_waiting(session: Session, prediction_id: int) -> PredictionRun:
    row = get_prediction(session, prediction_id)
    act = find_act(session, prediction_id)
    if row.state is not PredictionState.DONE or act is not None:
        raise RuleError(
            f"A finished prediction that waits for a decision was expected; {prediction_id} is "
            f"{act.value if act else row.state.word}."
        )
    return row


def _list_predicted(session: Session, prediction_id: int) -> Mapping[CaseStructure, int]:
    query = (
        select(LabelVersion)
        .join(PredictionLabel, col(PredictionLabel.label_version_id) == LabelVersion.id)
        .where(PredictionLabel.prediction_id == prediction_id)
    )
    return {(row.case_id, row.structure): stored_id(row) for row in session.exec(query)}


def _list_later(session: Session, predicted: Mapping[CaseStructure, int]) -> Sequence[str]:
    """Structures of which a contour newer than the predicted one is under review."""
    query = select(LabelVersion).where(
        col(LabelVersion.id) > min(predicted.values()),
        col(LabelVersion.source).in_(UNDER_REVIEW),
        is_shown(),
    )
    return [
        row.structure
        for row in session.exec(query)
        if stored_id(row) > predicted.get((row.case_id, row.structure), stored_id(row))
    ]


def _decide(
    session: Session,
    row: PredictionRun,
    act: PredictionAct,
    actor: str,
    reason: str,
    now: datetime,
) -> PredictionDecision:
    decision = PredictionDecision(
        prediction_id=stored_id(row), act=act, actor=actor, reason=reason, decided_at_utc=now
    )
    session.add(decision)
    session.flush()
    add_audit(
        session,
        at_utc=now,
        actor=actor,
        action=f"prediction {act.value}",
        subject=f"prediction {row.id}",
        contours=row.new_labels,
        reason=reason,
    )
    return decision
