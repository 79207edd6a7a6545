"""Which contours of before may not be replayed: nobody looked at them, so numbers do."""

from __future__ import annotations

from collections.abc import Mapping

from sqlmodel import Session, col, select

from han5k_review.retraining.teaching.replay import find_odd
from han5k_review.retraining.teaching.trust import ReviewRecord
from han5k_review.review.labels import UNDER_REVIEW
from han5k_review.store.identity import CaseStructure
from han5k_review.store.tables import LabelVersion
from han5k_review.triage.doubts import DOUBTFUL, find_disagreements, find_scores


def read_doubted(session: Session, records: Mapping[CaseStructure, ReviewRecord]) -> frozenset[int]:
    """Label versions under review that are empty, odd in volume, or doubtful.

    Confidence is the disagreement of several predictions, where they were made; rules and the
    place among other patients are those of the newest scores of triage.
    """
    under = {
        r.under_review.label_version_id: r.structure for r in records.values() if r.under_review
    }
    volumes: dict[str, dict[int, float]] = {}
    query = select(LabelVersion.id, LabelVersion.structure, LabelVersion.volume_cc).where(
        col(LabelVersion.source).in_(UNDER_REVIEW),
        col(LabelVersion.structure).in_(set(under.values())),
    )
    for label_id, structure, volume_cc in session.exec(query):
        if label_id is not None and label_id in under:
            volumes.setdefault(structure, {})[label_id] = volume_cc
    odd = {label_id for own in volumes.values() for label_id in find_odd(own)}
    unsure = {n for n, value in find_disagreements(session).items() if value >= DOUBTFUL}
    scored = {n for n, score in find_scores(session).items() if score.is_doubtful}
    return frozenset((odd | unsure | scored) & under.keys())
