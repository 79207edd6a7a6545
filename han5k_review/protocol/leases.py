"""Leases of reads: a read belongs to the reader who began it for the days that the protocol gives.

Begun means the first grade, choice or edit. When the days are over what is left goes to another
reader, by itself at the next look (`lease_watch`) or by the lead: the read is closed with all that
was done in it, as when a reader leaves (`handing_over`). Where nobody else can read the case it
stays, and its reader may still finish it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from han5k_review.protocol.handing_over import HandOver, hand_over
from han5k_review.protocol.pool import count_loads
from han5k_review.review.progress import measure_progress
from han5k_review.review.signatures import list_signatures
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import queue_writers
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import ProtocolVersion
from han5k_review.store.tables import Assignment, Case, Grade, Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A begun and unfinished read: `case` as its reader knows it, and until when it is theirs."""

    assignment_id: int
    case_id: int
    case: str
    reader_id: int
    reader: str
    begun_at_utc: datetime
    ends_at_utc: datetime
    done: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Reads that went to other readers, and cases that nobody else can read."""

    moved: int
    kept: tuple[str, ...]


def list_leases(session: Session, *, reader_id: int | None = None) -> list[Lease]:
    """Leases that run or ran out, the one that ends first first; repeats and calibration have none.

    Signed, closed and finished reads have none either.
    """
    rows = session.execute(
        sa.select(Assignment, col(Case.name), col(Reader.name), col(ProtocolVersion.lease_days))
        .join(Case, col(Case.id) == col(Assignment.case_id))
        .join(Reader, col(Reader.id) == col(Assignment.reader_id))
        .join(ProtocolVersion, col(ProtocolVersion.id) == col(Assignment.protocol_id))
        .where(
            col(ProtocolVersion.lease_days) > 0,
            col(Assignment.closed_at_utc).is_(None),
            col(Assignment.is_repeat).is_(False),
            col(Assignment.is_calibration).is_(False),
            col(Assignment.reader_id) == reader_id if reader_id is not None else sa.true(),
        )
    ).all()
    begun = _find_begun(session, [stored_id(row) for row, *_ in rows])
    progress = measure_progress(session, assignment_ids=list(begun)) if begun else {}
    signed = list_signatures(session, list(begun)) if begun else {}
    found = [
        Lease(
            assignment_id=number,
            case_id=row.case_id,
            case=row.alias or case,
            reader_id=row.reader_id,
            reader=reader,
            begun_at_utc=begun[number],
            ends_at_utc=begun[number] + timedelta(days=days),
            done=progress[number].graded,
            total=progress[number].total,
        )
        for row, case, reader, days in rows
        if (number := stored_id(row)) in begun
        and number not in signed
        and not progress[number].is_done
    ]
    return sorted(found, key=lambda lease: (lease.ends_at_utc, lease.assignment_id))


def list_expired(session: Session, now: datetime) -> list[Lease]:
    """Those that ran out."""
    return [lease for lease in list_leases(session) if lease.ends_at_utc <= now]


def return_expired(
    session: Session, *, actor: str, now: datetime, but: Collection[int] = ()
) -> Returned:
    """Give what is left of each read whose time ran out to the reader with the smallest load.

    Nobody gets a case that they read or adjudicated; where no such reader is left, the read stays.
    Grades and choices stay with the reader who gave them; an open edit is discarded. The
    assignments `but` are left alone.
    """
    queue_writers(session, "assignment")
    moved, kept = 0, []
    for lease in list_expired(session, now):
        if lease.assignment_id in but:
            continue
        coming = _find_reader(session, lease)
        if coming is None:
            kept.append(lease.case)
            continue
        repeats = session.exec(
            select(Assignment.id).where(
                Assignment.repeat_of_id == lease.assignment_id,
                col(Assignment.closed_at_utc).is_(None),
            )
        )
        plan = HandOver(
            whole=(),
            rest=(lease.assignment_id,),
            repeats=tuple(one for one in repeats if one is not None),
            kept=(),
        )
        leaving = session.get_one(Reader, lease.reader_id)
        moved += hand_over(session, plan, leaving=leaving, coming=coming, actor=actor, now=now)
    return Returned(moved=moved, kept=tuple(kept))


def _find_reader(session: Session, lease: Lease) -> Reader | None:
    """Who reads by protocol, has an open account and not this case, and has the least to do."""
    reads = select(Assignment.reader_id).where(col(Assignment.protocol_id).is_not(None))
    has_case = select(Assignment.reader_id).where(Assignment.case_id == lease.case_id)
    graded = select(ConsensusGrade.adjudicator_id).where(ConsensusGrade.case_id == lease.case_id)
    rows = session.exec(
        select(Reader).where(
            col(Reader.active),
            col(Reader.id).in_(reads),
            col(Reader.id).not_in(has_case),
            col(Reader.id).not_in(graded),
        )
    ).all()
    loads = count_loads(session)
    return min(rows, key=lambda row: (loads.get(stored_id(row), 0), stored_id(row)), default=None)


def _find_begun(session: Session, numbers: Sequence[int]) -> Mapping[int, datetime]:
    """Assignment id -> its first grade, choice or edit."""
    found: dict[int, datetime] = {}
    for table, at in (
        (Grade, Grade.graded_at_utc),
        (Preference, Preference.chosen_at_utc),
        (Draft, Draft.opened_at_utc),
    ):
        query = (
            select(table.assignment_id, func.min(at))
            .where(col(table.assignment_id).in_(numbers))
            .group_by(col(table.assignment_id))
        )
        for number, first in session.exec(query):
            found[number] = min(first, found.get(number, first))
    return found
