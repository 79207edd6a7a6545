"""Assigning: choose cases for a reader, look at what would change, then put them on the list.

plan = plan_assignment(session, reader, Wish(pool=CasePool.UNASSIGNED, most=20, seed=7))
assign_cases(session, reader=reader, cases=plan.cases, actor="lead", now=now)
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import insert
from sqlmodel import Session, col, delete, select

from han5k_review.errors import RuleError
from han5k_review.review.consensus import check_not_adjudicated
from han5k_review.store.audit import add_audit
from han5k_review.store.draft_tables import Draft
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import ReadContour
from han5k_review.store.tables import ADJUDICATION_INDEX, Assignment, Case, Grade, Reader


class CasePool(StrEnum):
    """Which cases to choose from; the value is what the page says."""

    UNASSIGNED = "cases on nobody's list"
    NOT_MINE = "cases not on this reader's list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a lead wants: cases by id (else all of `pool`), at most `most`, in random order by seed.

    Without a seed the order is by name.
    """

    pool: CasePool = CasePool.NOT_MINE
    case_ids: Collection[int] | None = None
    most: int | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownContour:
    """What a read shows of a structure: one contour, or two beside each other (a forced choice).

    The label sources of a pair are those of the protocol.
    """

    label_version_id: int
    right_id: int | None = None
    left_source: str | None = None
    right_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRead:
    """A read for the end of somebody's list; without contours it shows what is under review.

    `contours`: structure -> what is shown. `repeats` is the assignment that it repeats.
    """

    case_id: int
    protocol_id: int | None = None
    contours: Mapping[str, ShownContour] = field(default_factory=dict)
    alias: str | None = None
    repeats: int | None = None
    is_calibration: bool = False
    blinded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentPlan:
    """Cases that would come to the end of the list, in order; `known` are on it already."""

    cases: tuple[Case, ...]
    known: int


def plan_assignment(session: Session, reader: Reader, wish: Wish) -> AssignmentPlan:
    """The cases a wish would add to this reader's list; nothing is written."""
    mine = set(
        session.exec(
            select(Assignment.case_id).where(
                Assignment.reader_id == stored_id(reader),
                Assignment.read_index > ADJUDICATION_INDEX,
            )
        )
    )
    cases = session.exec(select(Case).order_by(col(Case.name))).all()
    if wish.case_ids is not None:
        chosen = [case for case in cases if case.id in wish.case_ids]
    elif wish.pool is CasePool.UNASSIGNED:
        taken = set(
            session.exec(
                select(Assignment.case_id).where(Assignment.read_index > ADJUDICATION_INDEX)
            )
        )
        chosen = [case for case in cases if case.id not in taken]
    else:
        chosen = list(cases)
    new = [case for case in chosen if case.id not in mine]
    if wish.seed is not None:
        random.Random(wish.seed).shuffle(new)
    return AssignmentPlan(cases=tuple(new[: wish.most]), known=len(chosen) - len(new))


def list_untouched(session: Session, reader_id: int) -> Sequence[tuple[Assignment, Case]]:
    """A reader's assignments in which nothing was done yet: no grade, no draft. In list order."""
    return session.exec(
        select(Assignment, Case)
        .join(Case, col(Case.id) == Assignment.case_id)
        .where(
            Assignment.reader_id == reader_id,
            Assignment.read_index > ADJUDICATION_INDEX,
            col(Assignment.closed_at_utc).is_(None),
            col(Assignment.id).not_in(select(Grade.assignment_id)),
            col(Assignment.id).not_in(select(Preference.assignment_id)),
            col(Assignment.id).not_in(select(Draft.assignment_id)),
        )
        .order_by(col(Assignment.presentation_order))
    ).all()


def unassign_cases(
    session: Session, *, reader: Reader, assignment_ids: Collection[int], actor: str, now: datetime
) -> int:
    """Take cases off a reader's list. How many.

    RuleError when one of them was begun (a grade or a draft belongs to it) or is not on the list:
    then nothing changes.
    """
    untouched = {
        stored_id(row): (row, case) for row, case in list_untouched(session, stored_id(reader))
    }
    begun = [one for one in assignment_ids if one not in untouched]
    if begun:
        raise RuleError(
            f"Cases of {reader.name} without any grade or correction were expected, "
            f"{len(begun)} of {len(assignment_ids)} have some or are not on the list; take only "
            "cases off that nobody began."
        )
    names = [untouched[one][1].name for one in assignment_ids]
    _delete_reads(session, assignment_ids)
    if names:
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action="unassign cases",
            subject=f"reader {reader.pseudonym}",
            cases=names,
        )
    return len(names)


def _delete_reads(session: Session, assignment_ids: Collection[int]) -> None:
    """Delete reads that nobody began, and their repeats, which nobody could begin."""
    repeats = session.exec(
        select(Assignment.id).where(col(Assignment.repeat_of_id).in_(assignment_ids))
    ).all()
    for part in (repeats, assignment_ids):
        session.exec(delete(ReadContour).where(col(ReadContour.assignment_id).in_(part)))
        session.exec(delete(Assignment).where(col(Assignment.id).in_(part)))


def append_reads(
    session: Session, reader_id: int, reads: Sequence[NewRead], *, now: datetime
) -> list[Assignment]:
    """Add reads to the end of a reader's list, in the given order; the caller audits.

    A further read of a case gets the next number. RuleError for a case that this person
    adjudicates.
    """
    reader = session.get_one(Reader, reader_id)
    check_not_adjudicated(
        session,
        reader,
        {read.case_id for read in reads},
        by_protocol={read.case_id for read in reads if read.protocol_id is not None},
    )
    known = session.exec(
        select(Assignment.case_id, Assignment.read_index, Assignment.presentation_order).where(
            Assignment.reader_id == reader_id
        )
    ).all()
    last = max((order for _, _, order in known), default=0)
    numbers: dict[int, int] = {}
    for case_id, number, _ in known:
        numbers[case_id] = max(numbers.get(case_id, 0), number)
    rows = []
    for place, read in enumerate(reads, start=last + 1):
        numbers[read.case_id] = numbers.get(read.case_id, 0) + 1
        rows.append(
            Assignment(
                case_id=read.case_id,
                reader_id=reader_id,
                presentation_order=place,
                read_index=numbers[read.case_id],
                is_repeat=read.repeats is not None,
                is_calibration=read.is_calibration,
                blinded=read.blinded,
                protocol_id=read.protocol_id,
                repeat_of_id=read.repeats,
                alias=read.alias,
                created_at_utc=now,
            )
        )
    session.add_all(rows)
    session.flush()
    _add_contours(session, rows, reads)
    return rows


def _add_contours(session: Session, rows: Sequence[Assignment], reads: Sequence[NewRead]) -> None:
    shown = [
        {"assignment_id": row.id, "structure": structure, **asdict(contour)}
        for row, read in zip(rows, reads, strict=True)
        for structure, contour in read.contours.items()
    ]
    if shown:
        session.execute(insert(ReadContour), shown)


def assign_cases(
    session: Session, *, reader: Reader, cases: Sequence[Case], actor: str, now: datetime
) -> int:
    """Append cases to a reader's list, in the given order; those already there stay. How many."""
    reader_id = stored_id(reader)
    known = set(
        session.exec(
            select(Assignment.case_id).where(
                Assignment.reader_id == reader_id, Assignment.read_index > ADJUDICATION_INDEX
            )
        )
    )
    new = {stored_id(case): case for case in cases if case.id not in known}
    append_reads(session, reader_id, [NewRead(case_id=case_id) for case_id in new], now=now)
    if new:
        add_audit(
            session,
            at_utc=now,
            actor=actor,
            action="assign cases",
            subject=f"reader {reader.pseudonym}",
            cases=len(new),
        )
    return len(new)
