"""Vigilance: planted errors that each reader found. For the lead; never shown to the reader."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from han5k_review.statistics.vigilance import Sensitivity, measure_sensitivity
from han5k_review.store.protocol_tables import PlantedContour
from han5k_review.store.tables import Assignment, Grade
from han5k_review.store.vocabulary import GradeLevel

FOUND = (GradeLevel.MAJOR, GradeLevel.ABSENT)


def measure_vigilance(session: Session) -> Mapping[int, Sensitivity]:
    """Reader id -> planted errors that the reader graded in first reads, and found."""
    newer = aliased(Grade)
    rows = session.exec(
        select(Assignment.reader_id, Grade.level)
        .join(Grade, col(Grade.assignment_id) == col(Assignment.id))
        .join(PlantedContour, col(PlantedContour.label_version_id) == col(Grade.label_version_id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .where(
            col(newer.supersedes_id).is_(None),
            col(Grade.level).is_not(None),
            col(Assignment.is_repeat).is_(False),
        )
    )
    levels: dict[int, list[str | None]] = {}
    for reader_id, level in rows:
        levels.setdefault(reader_id, []).append(level)
    return {
        reader_id: measure_sensitivity(sum(level in FOUND for level in own), len(own))
        for reader_id, own in levels.items()
    }
