"""Reads whose time ran out go to other readers by themselves, at the next look of anybody.

watch = LeaseWatch()
watch.look(study, utc_now())       # at each page that shows who has what; nearly always free

No process waits for the hour: a page asks, and asks the database only when a lease can have run
out since the last look. A read in which something was done within the last hour stays: its reader
is at work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from han5k_review.protocol.leases import list_leases, return_expired
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import Draft
from han5k_review.store.engine import reading, transaction
from han5k_review.store.preference_tables import Preference
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Audit, Grade

ACTOR = "lease"
_ACTION = "lease ran out"
_IN_HAND = timedelta(hours=1)
_SOONEST = timedelta(days=1)
"""A lease lasts a day at least, so that one begun after a look cannot end before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreedRead:
    """A read that went on by itself: its name to its reader, who had it, and when."""

    case: str
    reader_id: int
    reader: str
    at_utc: datetime


@dataclass(slots=True)
class LeaseWatch:
    """When to look again; one for each study and process, which share nothing but the database."""

    next_look_utc: datetime | None = None

    def look(self, study: Study, now: datetime) -> int:
        """Free what ran out and is not in hand; how many reads went to other readers."""
        if self.next_look_utc is not None and now < self.next_look_utc:
            return 0
        with reading(study.engine) as session:
            leases = list_leases(session)
            over = [one.assignment_id for one in leases if one.ends_at_utc <= now]
            waits = bool(set(over) - _list_in_hand(session, over, now))
        ends = [one.ends_at_utc for one in leases if one.ends_at_utc > now]
        self.next_look_utc = min([now + _SOONEST, *ends, *([now + _IN_HAND] if over else [])])
        if not waits:
            return 0
        with transaction(study.engine) as session:
            return free_expired(session, now)


def free_expired(session: Session, now: datetime) -> int:
    """As the lead's button, for reads that are not in hand; each is in the audit trail."""
    before = {one.assignment_id: one for one in list_leases(session) if one.ends_at_utc <= now}
    in_hand = _list_in_hand(session, list(before), now)
    done = return_expired(session, actor=ACTOR, now=now, but=in_hand)
    for number, lease in before.items():
        if session.get_one(Assignment, number).closed_at_utc is not None:
            add_audit(
                session,
                at_utc=now,
                actor=ACTOR,
                action=_ACTION,
                subject=f"assignment {number}",
                case=lease.case,
                reader=lease.reader,
                reader_id=lease.reader_id,
            )
    return done.moved


def list_freed(
    session: Session, *, since: datetime, reader_id: int | None = None
) -> list[FreedRead]:
    """Reads that went on by themselves since a time, the newest first: of one reader, or all."""
    rows = session.exec(
        select(Audit)
        .where(Audit.action == _ACTION, Audit.at_utc >= since)
        .order_by(col(Audit.id).desc())
    )
    found = [
        FreedRead(
            case=str(row.detail["case"]),
            reader_id=int(row.detail["reader_id"]),
            reader=str(row.detail["reader"]),
            at_utc=row.at_utc,
        )
        for row in rows
    ]
    return [one for one in found if reader_id in (None, one.reader_id)]


def _list_in_hand(session: Session, numbers: list[int], now: datetime) -> set[int]:
    """Reads in which something was done within the last hour."""
    found: set[int] = set()
    for table, at in (
        (Grade, Grade.graded_at_utc),
        (Preference, Preference.chosen_at_utc),
        (Draft, Draft.changed_at_utc),
    ):
        query = (
            select(table.assignment_id, func.max(at))
            .where(col(table.assignment_id).in_(numbers))
            .group_by(col(table.assignment_id))
        )
        found |= {number for number, last in session.exec(query) if last > now - _IN_HAND}
    return found
