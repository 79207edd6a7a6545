"""The chain of acts of grading on a structure: the one that nobody superseded is in force.

The statements are small and are asked at each grade. The alias is made once: making it costs more
than the query; and whole rows of a case are read only where they are needed.
"""

from __future__ import annotations

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from han5k_review.store.tables import Grade

_NEWER = aliased(Grade)


def select_newest_acts() -> SelectOfScalar[Grade]:
    """Acts that no other one supersedes; one that withdraws a grade has no `raw_code`."""
    return (
        select(Grade)
        .outerjoin(_NEWER, col(_NEWER.supersedes_id) == Grade.id)
        .where(col(_NEWER.supersedes_id).is_(None))
    )


def find_current_grade(session: Session, assignment_id: int, structure: str) -> Grade | None:
    """The grade in force of one structure of a read, None where there is none."""
    rows = session.exec(
        select_newest_acts()
        .where(
            Grade.assignment_id == assignment_id,
            Grade.structure == structure,
            col(Grade.raw_code).is_not(None),
        )
        .order_by(col(Grade.id).desc())
    )
    return rows.first()


def list_graded_versions(session: Session, assignment_id: int) -> set[int]:
    """Ids of the label versions that have a grade in force in this read."""
    query = (
        select_newest_acts()
        .where(Grade.assignment_id == assignment_id, col(Grade.raw_code).is_not(None))
        .with_only_columns(col(Grade.label_version_id))
    )
    return set(session.scalars(query))
