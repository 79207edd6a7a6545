"""Assignments: who reads which case, in what order, and how far they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from han5k_review.errors import DataError
from han5k_review.review.grading import count_graded
from han5k_review.store.audit import add_audit
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Grade, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistEntry:
    """One row of a reader's worklist."""

    assignment_id: int
    case_id: int
    case: str
    graded: int
    total: int
    last_graded_at_utc: datetime | None

    @property
    def is_done(self) -> bool:
        """True when every structure under review has a grade."""
        return self.total > 0 and self.graded >= self.total


def assign_cases(
    session: Session, *, reader: Reader, cases: Sequence[Case], actor: str, now: datetime
) -> int:
    """Append cases to a reader's list, in the given order; those already there stay. How many."""
    if reader.id is None:
        raise DataError(f"{reader.name} is not stored yet.")
    known = set(
        session.exec(
            select(Assignment.case_id).where(
                Assignment.reader_id == reader.id, Assignment.read_index > ADJUDICATION_INDEX
            )
        )
    )
    last = session.exec(
        select(func.max(Assignment.presentation_order)).where(Assignment.reader_id == reader.id)
    ).one()
    order = (last or 0) + 1
    added = 0
    for case in cases:
        if case.id is None or case.id in known:
            continue
        session.add(
            Assignment(
                case_id=case.id,
                reader_id=reader.id,
                presentation_order=order + added,
                created_at_utc=now,
            )
        )
        known.add(case.id)
        added += 1
    if added:
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action="assign cases",
            subject=f"reader {reader.pseudonym}",
            cases=added,
        )
    return added


def list_worklist(session: Session, reader_id: int) -> list[WorklistEntry]:
    """The reader's assignments in presentation order, with progress."""
    rows = session.exec(
        select(Assignment, Case)
        .join(Case, col(Case.id) == Assignment.case_id)
        .where(Assignment.reader_id == reader_id, Assignment.read_index > ADJUDICATION_INDEX)
        .order_by(col(Assignment.presentation_order))
    )
    return [_entry(session, assignment, case) for assignment, case in rows]


def find_next(entries: Sequence[WorklistEntry], after: int | None = None) -> WorklistEntry | None:
    """The next case with something left to grade, after assignment `after`, wrapping around."""
    ids = [entry.assignment_id for entry in entries]
    start = ids.index(after) + 1 if after in ids else 0
    for entry in [*entries[start:], *entries[:start]]:
        if not entry.is_done and entry.assignment_id != after:
            return entry
    return None


def save_position(
    session: Session, assignment: Assignment, *, structure: str | None, slice_k: int | None
) -> None:
    """Remember where the reader is, so that another machine resumes there."""
    assignment.resume_structure = structure
    assignment.resume_slice = slice_k
    session.add(assignment)


def _entry(session: Session, assignment: Assignment, case: Case) -> WorklistEntry:
    if assignment.id is None or case.id is None:
        raise DataError("A stored assignment was expected.")
    graded, total = count_graded(session, assignment)
    last = session.exec(
        select(func.max(Grade.graded_at_utc)).where(Grade.assignment_id == assignment.id)
    ).one()
    return WorklistEntry(
        assignment_id=assignment.id,
        case_id=case.id,
        case=case.name,
        graded=graded,
        total=total,
        last_graded_at_utc=last,
    )
