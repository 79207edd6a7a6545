"""Consensus: the adjudicator's grade of a contour, and whether it still stands.

levels = list_consensus(session)      # label version id -> the consensus grade that stands

It stands as long as no read that counts has changed since: a reader who is let in again and changes
a grade brings the contour back to the adjudicators. The readers' own grades are never touched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, func, select

from han5k_review.errors import RuleError
from han5k_review.review.counting import is_counted
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Grade, Reader


def is_standing() -> ColumnElement[bool]:
    """For a query on ConsensusGrade: the newest of its contour, and no read changed since."""
    newest = select(func.max(col(ConsensusGrade.id))).group_by(col(ConsensusGrade.label_version_id))
    later = (
        select(Grade.id)
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .where(
            col(Grade.label_version_id) == col(ConsensusGrade.label_version_id),
            col(Grade.id) > col(ConsensusGrade.last_grade_id),
            is_counted(),
        )
        .correlate(ConsensusGrade)
        .exists()
    )
    return and_(col(ConsensusGrade.id).in_(newest), ~later)


def list_consensus(
    session: Session, label_version_ids: Collection[int] | None = None
) -> Mapping[int, ConsensusGrade]:
    """Label version id -> the consensus grade that stands, of these contours or of all."""
    query = select(ConsensusGrade).where(is_standing())
    if label_version_ids is not None:
        query = query.where(col(ConsensusGrade.label_version_id).in_(label_version_ids))
    return {row.label_version_id: row for row in session.exec(query)}


def list_read_cases(session: Session, reader_id: int) -> frozenset[int]:
    """Ids of the cases that this person reads, or has read."""
    query = select(Assignment.case_id).where(
        Assignment.reader_id == reader_id, Assignment.read_index > ADJUDICATION_INDEX
    )
    return frozenset(session.exec(query))


def check_not_adjudicated(
    session: Session, reader: Reader, case_ids: Collection[int], *, by_protocol: Collection[int]
) -> None:
    """RuleError when this person adjudicates one of the cases: nobody is on both sides.

    That is after a consensus grade in it; for reads `by_protocol` also after opening it to edit as
    an adjudicator, since that shows everybody's contours.
    """
    graded = select(ConsensusGrade.case_id).where(ConsensusGrade.adjudicator_id == reader.id)
    opened = select(Assignment.case_id).where(
        Assignment.reader_id == reader.id, Assignment.read_index == ADJUDICATION_INDEX
    )
    taken = {*session.exec(graded)} & {*case_ids} | {*session.exec(opened)} & {*by_protocol}
    if taken:
        names = session.exec(select(Case.name).where(col(Case.id).in_(taken)).order_by(Case.name))
        raise RuleError(
            f"Cases that {reader.name} does not adjudicate were expected, found "
            f"{', '.join(names)}; give them to another reader."
        )
