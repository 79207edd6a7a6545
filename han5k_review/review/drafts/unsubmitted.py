"""Edits that were begun and not submitted: how many there are, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, func, select

from han5k_review.store.draft_tables import Draft
from han5k_review.store.tables import Assignment, Case
from han5k_review.store.vocabulary import DraftState


def count_drafts(
    session: Session, by: Mapped[int], reader_id: int | None = None
) -> Mapping[int, int]:
    """Open drafts with a change in them, by a column of Draft or Assignment: value -> how many.

    Of all readers or of one. A draft that was opened and not drawn in is nothing to submit.
    """
    query = (
        select(by, func.count())
        .select_from(Draft)
        .join(Assignment, col(Assignment.id) == Draft.assignment_id)
        .where(Draft.state == DraftState.OPEN, Draft.version > 0)
        .group_by(by)
    )
    if reader_id is not None:
        query = query.where(Assignment.reader_id == reader_id)
    return {int(value): int(count) for value, count in session.exec(query)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubmitted:
    """One edit that was begun and not submitted."""

    assignment_id: int
    case: str
    structure: str


def list_unsubmitted(session: Session, reader_id: int) -> list[Unsubmitted]:
    """A reader's open drafts with a change in them, the one changed last first."""
    rows = session.exec(
        select(Draft.assignment_id, Case.name, Draft.structure)
        .join(Assignment, col(Assignment.id) == Draft.assignment_id)
        .join(Case, col(Case.id) == Draft.case_id)
        .where(
            Assignment.reader_id == reader_id,
            Draft.state == DraftState.OPEN,
            Draft.version > 0,
        )
        .order_by(col(Draft.changed_at_utc).desc(), col(Draft.id).desc())
    )
    return [
        Unsubmitted(assignment_id=number, case=case, structure=structure)
        for number, case, structure in rows
    ]
