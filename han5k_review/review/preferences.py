"""Preferences in force: what readers of a forced choice said of two contours, and how far they are.

list_current_choices(session, assignment_id)      # structure -> Preference
list_given_choices(session)                       # of the whole study, with sources
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.protocol_tables import ProtocolVersion, ReadContour
from han5k_review.store.tables import Assignment, Case, LabelVersion, Reader
from han5k_review.store.vocabulary import Choice

_NEWER = aliased(Preference)  # made once: making it costs more than the query


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenChoice:
    """A choice in force with all that a table says of it.

    `sources` are the two of the protocol, in its order.
    """

    preference: Preference
    case: str
    patient: str
    reader: str
    protocol: int
    sources: tuple[str, str]
    left_source: str
    right_source: str
    left_sha256: str
    right_sha256: str
    is_repeat: bool

    @property
    def preferred(self) -> str | None:
        """The source that was chosen; None where neither was."""
        sides = {Choice.LEFT: self.left_source, Choice.RIGHT: self.right_source}
        return None if self.preference.choice is None else sides.get(self.preference.choice)


def list_given_choices(session: Session) -> list[GivenChoice]:
    """Every choice in force of the study, in the order in which they were given."""
    left, right = aliased(LabelVersion), aliased(LabelVersion)
    columns: tuple[Any, ...] = (
        Preference,
        Case.name,
        Case.patient,
        Reader.pseudonym,
        ProtocolVersion.number,
        ProtocolVersion.sources,
        ReadContour.left_source,
        ReadContour.right_source,
        left.mask_sha256,
        right.mask_sha256,
        Assignment.is_repeat,
    )
    rows = session.execute(
        sa.select(*columns)
        .join(Assignment, col(Assignment.id) == col(Preference.assignment_id))
        .join(Case, col(Case.id) == col(Assignment.case_id))
        .join(Reader, col(Reader.id) == col(Assignment.reader_id))
        .join(ProtocolVersion, col(ProtocolVersion.id) == col(Assignment.protocol_id))
        .join(
            ReadContour,
            (col(ReadContour.assignment_id) == col(Assignment.id))
            & (col(ReadContour.structure) == col(Preference.structure)),
        )
        .join(left, col(left.id) == col(Preference.left_id))
        .join(right, col(right.id) == col(Preference.right_id))
        .outerjoin(_NEWER, col(_NEWER.supersedes_id) == col(Preference.id))
        .where(col(_NEWER.supersedes_id).is_(None), col(Preference.choice).is_not(None))
        .order_by(col(Preference.id))
    )
    names = [field.name for field in fields(GivenChoice)]
    return [
        GivenChoice(**{**dict(zip(names, row, strict=True)), "sources": tuple(row[5])})
        for row in rows
    ]


def list_pairs(session: Session, assignment_id: int) -> Mapping[str, ReadContour]:
    """Structure -> the two contours that a read shows; empty where contours are graded."""
    rows = session.exec(
        select(ReadContour).where(
            ReadContour.assignment_id == assignment_id, col(ReadContour.right_id).is_not(None)
        )
    )
    return {row.structure: row for row in rows}


def is_forced_choice(session: Session, assignment_id: int) -> bool:
    """True for a read in which contours are chosen instead of graded; only a protocol has such."""
    assignment = session.get(Assignment, assignment_id)
    if assignment is None or assignment.protocol_id is None:
        return False
    found = session.exec(
        select(ReadContour.id)
        .where(ReadContour.assignment_id == assignment_id, col(ReadContour.right_id).is_not(None))
        .limit(1)
    )
    return found.first() is not None


def list_answers(session: Session, assignment: Assignment) -> tuple[Choice, ...]:
    """What a reader may answer in this read, in the order of the keys; none where it grades."""
    if assignment.protocol_id is None or not is_forced_choice(session, stored_id(assignment)):
        return ()
    version = session.get_one(ProtocolVersion, assignment.protocol_id)
    return tuple(Choice) if version.allows_neither else (Choice.LEFT, Choice.RIGHT)


def list_current_choices(session: Session, assignment_id: int) -> Mapping[str, Preference]:
    """Structure -> the choice in force (superseded and withdrawn ones left out)."""
    found = list_choices_in_force(session, [assignment_id])
    return {structure: one for (_, structure), one in found.items()}


def list_choices_in_force(
    session: Session, assignment_ids: Collection[int]
) -> Mapping[tuple[int, str], Preference]:
    """(assignment id, structure) -> the choice in force, of several reads in one query."""
    rows = session.exec(
        select(Preference)
        .outerjoin(_NEWER, col(_NEWER.supersedes_id) == Preference.id)
        .where(
            col(Preference.assignment_id).in_(assignment_ids),
            col(_NEWER.supersedes_id).is_(None),
            col(Preference.choice).is_not(None),
        )
        .order_by(col(Preference.id))
    )
    return {(row.assignment_id, row.structure): row for row in rows}


def count_choice_turns(session: Session, assignment_id: int) -> dict[str, int]:
    """Structure -> how many acts of choosing there were in this read."""
    rows = session.exec(
        select(col(Preference.structure), func.count())
        .where(Preference.assignment_id == assignment_id)
        .group_by(col(Preference.structure))
    )
    return {structure: int(count) for structure, count in rows}
