"""Predicted contours, the most doubtful first."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from han5k_review.review.labels import is_shown
from han5k_review.store.identity import stored_id
from han5k_review.store.prediction_tables import LabelUncertainty
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.store.vocabulary import Uncertainty


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulContour:
    """One predicted contour and how far its members differ."""

    case: str
    structure: str
    label_version_id: int
    volume_cc: float
    disagreement: float
    volume_spread: float | None
    members: int
    method: Uncertainty


def list_doubtful(
    session: Session, model_id: int, cases: Collection[str] | None = None
) -> list[DoubtfulContour]:
    """Contours of models, with their uncertainty, largest first; none that was withdrawn."""
    query = (
        select(LabelUncertainty, LabelVersion, Case.name)
        .join(LabelVersion, col(LabelVersion.id) == LabelUncertainty.label_version_id)
        .join(Case, col(Case.id) == LabelVersion.case_id)
        .where(LabelVersion.model_version_id == model_id, is_shown())
        .order_by(col(LabelUncertainty.disagreement).desc(), col(LabelVersion.id))
    )
    return [
        DoubtfulContour(
            case=case,
            structure=label.structure,
            label_version_id=stored_id(label),
            volume_cc=label.volume_cc,
            disagreement=doubt.disagreement,
            volume_spread=doubt.volume_spread,
            members=doubt.members,
            method=doubt.method,
        )
        for doubt, label, case in session.exec(query)
        if cases is None or case in cases
    ]
