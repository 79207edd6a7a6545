"""Assignments: who reads which case, in what order, and how far they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from han5k_review.review.drafts.unsubmitted import count_drafts
from han5k_review.review.drawing import list_manual
from han5k_review.review.pauses import find_pause
from han5k_review.review.progress import measure_progress
from han5k_review.review.signatures import list_signatures
from han5k_review.store.columns import utc_now
from han5k_review.store.draft_tables import Draft
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case

_FIRST_LOOK = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistEntry:
    """One row of a reader's worklist; `open_drafts` are edits begun and not submitted.

    `is_named`: `case` is the case's own name, not the alias of a read of a protocol. `is_manual`:
    its contours are drawn from nothing, and none is graded.
    """

    assignment_id: int
    case_id: int
    case: str
    graded: int
    total: int
    last_graded_at_utc: datetime | None
    open_drafts: int = 0
    is_named: bool = True
    is_manual: bool = False
    signed_at_utc: datetime | None = None

    @property
    def is_done(self) -> bool:
        """True when every structure under review has a grade."""
        return self.total > 0 and self.graded >= self.total


def list_worklist(
    session: Session, reader_id: int, *, now: datetime | None = None
) -> list[WorklistEntry]:
    """The reader's reads in presentation order, with progress.

    Closed reads are left out, and hidden repeats until their time has come (`now`, else the
    clock's); a read of a protocol goes by its alias.
    """
    progress = measure_progress(session, reader_id=reader_id)
    drafts = count_drafts(session, col(Draft.assignment_id), reader_id)
    signed = {
        found: one.at_utc for found, one in list_signatures(session, reader_id=reader_id).items()
    }
    manual = list_manual(session, reader_id=reader_id)
    return [
        WorklistEntry(
            assignment_id=assignment_id,
            case_id=case_id,
            case=case,
            graded=progress[assignment_id].graded,
            total=progress[assignment_id].total,
            last_graded_at_utc=progress[assignment_id].last_graded_at_utc,
            open_drafts=drafts.get(assignment_id, 0),
            is_named=is_named,
            is_manual=assignment_id in manual,
            signed_at_utc=signed.get(assignment_id),
        )
        for assignment_id, case_id, case, is_named in _list_order(session, reader_id, now)
    ]


def find_next(entries: Sequence[WorklistEntry]) -> WorklistEntry | None:
    """The first case with something left to grade."""
    return next((entry for entry in entries if not entry.is_done), None)


def find_next_assignment(
    session: Session, reader_id: int, *, after: int | None = None, now: datetime | None = None
) -> int | None:
    """The next assignment with something left to grade, after assignment `after`, wrapping around.

    None also while reading is paused. Looks at a few assignments at a time: the next one is nearly
    always near.
    """
    if find_pause(session, reader_id) is not None:
        return None
    ids = [assignment_id for assignment_id, _, _, _ in _list_order(session, reader_id, now)]
    start = ids.index(after) + 1 if after in ids else 0
    coming = [one for one in (*ids[start:], *ids[:start]) if one != after]
    done, size = 0, _FIRST_LOOK
    while done < len(coming):
        part = coming[done : done + size]
        progress = measure_progress(session, assignment_ids=part)
        found = next((one for one in part if not progress[one].is_done), None)
        if found is not None:
            return found
        done, size = done + size, size * 2
    return None


def save_position(
    session: Session, assignment: Assignment, *, structure: str | None, slice_k: int | None
) -> None:
    """Remember where the reader is, so that another machine resumes there."""
    assignment.resume_structure = structure
    assignment.resume_slice = slice_k
    session.add(assignment)


def _list_order(
    session: Session, reader_id: int, now: datetime | None
) -> list[tuple[int, int, str, bool]]:
    """(assignment id, case id, name for the reader, whether it is the case's own), in order."""
    # Columns instead of objects: a list can have thousands of cases.
    rows = session.execute(
        sa.select(
            col(Assignment.id),
            col(Assignment.case_id),
            col(Case.name),
            col(Assignment.alias),
            col(Assignment.repeat_of_id),
        )
        .join(Case, col(Case.id) == Assignment.case_id)
        .where(
            col(Assignment.reader_id) == reader_id,
            col(Assignment.read_index) > ADJUDICATION_INDEX,
            col(Assignment.closed_at_utc).is_(None),
        )
        .order_by(col(Assignment.presentation_order))
    ).all()
    hidden: Collection[int] = ()
    if any(row.repeat_of_id is not None for row in rows):
        hidden = list_hidden(session, reader_id, now or utc_now())
    return [
        (row.id, row.case_id, row.alias or row.name, row.alias is None)
        for row in rows
        if row.id not in hidden
    ]


def list_hidden(session: Session, reader_id: int, now: datetime) -> set[int]:
    """Repeats of a reader whose first read is unfinished, or not long enough ago."""
    repeats = session.exec(
        select(Assignment.id, Assignment.repeat_of_id, ProtocolVersion.repeat_weeks)
        .join(ProtocolVersion, col(ProtocolVersion.id) == col(Assignment.protocol_id))
        .where(Assignment.reader_id == reader_id, col(Assignment.repeat_of_id).is_not(None))
    ).all()
    first = measure_progress(session, assignment_ids={one for _, one, _ in repeats if one})
    hidden = set()
    for number, repeat_of, weeks in repeats:
        read = None if repeat_of is None else first.get(repeat_of)
        last = None if read is None or not read.is_done else read.last_graded_at_utc
        if number is not None and (last is None or now < last + timedelta(weeks=weeks)):
            hidden.add(number)
    return hidden
