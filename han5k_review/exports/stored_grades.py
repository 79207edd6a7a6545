"""Grades and graded contours as plain records: a full study has half a million of them.

Named tuples of the tables' own columns, under the same names. As objects of the session they take
four times as long to read, and three times the memory.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, TypeVar

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from han5k_review.store.prediction_tables import PredictionLabel
from han5k_review.store.tables import Grade, LabelVersion
from han5k_review.store.vocabulary import GradeLevel, LabelSource, SourceGuess

R = TypeVar("R", bound=NamedTuple)


class GradeRecord(NamedTuple):
    """One row of the table `grade`; see `Grade` for what its columns mean."""

    id: int
    assignment_id: int
    label_version_id: int
    structure: str
    scale: str
    raw_code: str | None
    level: GradeLevel | None
    tags: list[str]
    comment: str
    flagged_slices: list[int]
    confidence: int | None
    source_guess: SourceGuess | None
    opened_at_utc: datetime | None
    graded_at_utc: datetime
    active_seconds: float | None
    in_bulk: bool
    supersedes_id: int | None


class LabelRecord(NamedTuple):
    """What exports say of a graded contour; see `LabelVersion`, and `PredictionLabel.entropy`."""

    id: int
    case_id: int
    structure: str
    source: LabelSource
    mask_sha256: str
    model_version_id: int | None
    entropy: float | None


def list_grade_records(session: Session) -> list[GradeRecord]:
    """Every act of grading, in the order in which they were given."""
    query = _columns(Grade, GradeRecord).order_by(col(Grade.id))
    return [GradeRecord._make(row) for row in session.execute(query)]


def list_graded_labels(session: Session) -> dict[int, LabelRecord]:
    """Label version id -> label version, of all that have a grade."""
    graded = select(Grade.label_version_id).distinct()
    *own, entropy = LabelRecord._fields
    columns = [*(getattr(LabelVersion, name) for name in own), getattr(PredictionLabel, entropy)]
    query = (
        sa.select(*map(col, columns))
        .outerjoin(PredictionLabel, col(PredictionLabel.label_version_id) == LabelVersion.id)
        .where(col(LabelVersion.id).in_(graded))
    )
    return {row[0]: LabelRecord._make(row) for row in session.execute(query)}


def _columns(table: type[SQLModel], record: type[R]) -> sa.Select[tuple[object, ...]]:
    return sa.select(*(col(getattr(table, name)) for name in record._fields))
