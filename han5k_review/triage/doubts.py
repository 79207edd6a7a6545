"""Doubts: which contours may be wrong, and why, as pages and the viewer say it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from han5k_review.store.prediction_tables import LabelUncertainty, PredictionLabel
from han5k_review.store.tables import LabelVersion
from han5k_review.store.triage_tables import TriageRound, TriageScore

DOUBTFUL = 0.2
"""Disagreement from which on the viewer warns; the page lists every value."""
_CHUNK = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The score of one contour: 0 to 1, whether it is doubtful, and why in sentences."""

    doubt: float
    is_doubtful: bool
    reasons: tuple[str, ...]


def has_doubts(session: Session) -> bool:
    """Whether the study measured any doubt."""
    drawn = session.exec(select(LabelUncertainty.id).limit(1)).first()
    return drawn is not None or session.exec(select(TriageRound.id).limit(1)).first() is not None


def list_doubts(session: Session, contours: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Contour -> why it is doubtful: by the newest scores, and by its predictions; none is left
    out that either of them doubts."""
    found = {
        contour: score.reasons
        for contour, score in find_scores(session, contours).items()
        if score.is_doubtful
    }
    for contour, disagreement in find_disagreements(session, contours).items():
        if disagreement >= DOUBTFUL:
            said = f"Predicted several times, it differed: mean Dice {1 - disagreement:.2f}."
            found[contour] = (said, *found.get(contour, ()))
    return found


def find_disagreements(
    session: Session, label_version_ids: Collection[int] | None = None
) -> dict[int, float]:
    """Label version id -> disagreement, for those (None: all) whose predictions were compared."""
    query = select(LabelUncertainty.label_version_id, LabelUncertainty.disagreement)
    if label_version_ids is not None:
        query = query.where(col(LabelUncertainty.label_version_id).in_(label_version_ids))
    return dict(session.exec(query).all())


def find_entropies(session: Session) -> dict[int, float]:
    """Label version id -> entropy, for all that came with one from their network."""
    entropy = col(PredictionLabel.entropy)
    query = select(PredictionLabel.label_version_id, entropy).where(entropy.is_not(None))
    return {label: float(value or 0.0) for label, value in session.exec(query)}


def find_unsure(
    session: Session, label_version_ids: Collection[int]
) -> tuple[dict[int, float], dict[int, float]]:
    """Disagreement, then entropy of each of these label versions that has one, in one query."""
    query = (
        select(LabelVersion.id, LabelUncertainty.disagreement, PredictionLabel.entropy)
        .outerjoin(LabelUncertainty, col(LabelUncertainty.label_version_id) == LabelVersion.id)
        .outerjoin(PredictionLabel, col(PredictionLabel.label_version_id) == LabelVersion.id)
        .where(col(LabelVersion.id).in_(label_version_ids))
    )
    rows = [(stored, differs, bits) for stored, differs, bits in session.exec(query) if stored]
    return (
        {stored: differs for stored, differs, _ in rows if differs is not None},
        {stored: bits for stored, _, bits in rows if bits is not None},
    )


def find_scores(session: Session, contours: Collection[int] | None = None) -> dict[int, Score]:
    """Contour -> its score in the newest round; of these contours, or of all."""
    newest = select(func.max(TriageRound.id)).scalar_subquery()
    query = select(
        col(TriageScore.label_version_id),
        col(TriageScore.doubt),
        col(TriageScore.is_doubtful),
        col(TriageScore.reasons),
    ).where(col(TriageScore.round_id) == newest)
    if contours is not None:
        query = query.where(col(TriageScore.label_version_id).in_(contours))
    return {
        contour: Score(doubt=doubt, is_doubtful=bool(doubtful), reasons=tuple(reasons))
        for contour, doubt, doubtful, reasons in session.exec(query)
    }
