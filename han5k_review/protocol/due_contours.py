"""Due contours: which graded contours an adjudicator looks at, by the rule of the protocol.

due = list_due(session)               # contours whose reads are complete and meet the rule
list_read_grades(session, due[0].label_version_id)

A contour that readers graded without a revision has nothing to accept or reject: what is decided is
its grade alone (`adjudicating.py`). Revisions are decided in `review/decisions`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Subquery, case
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from han5k_review.protocol.record import find_version
from han5k_review.review.consensus import is_standing
from han5k_review.review.counting import is_counted
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.protocol_tables import ProtocolVersion, ReadContour
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.store.vocabulary import AdjudicationRule, GradeLevel

_SEVERITY = {GradeLevel.NO: 0, GradeLevel.MINOR: 1, GradeLevel.MAJOR: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class DueContour:
    """A contour that waits for an adjudicator. `last_grade_id`: the newest act of its reads."""

    label_version_id: int
    case_id: int
    case: str
    structure: str
    reads: int
    last_grade_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadGrade:
    """One reader's grade of a contour that is adjudicated."""

    reader: str
    grade: Grade


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What the readers said of one contour: places 0 (no) to 2 (major), and other answers."""

    lowest: int | None
    highest: int | None
    levels: int
    others: int

    def meets(self, rule: AdjudicationRule) -> bool:
        """True where the rule asks for an adjudicator; a sample is drawn elsewhere.

        "Not assessable" or "absent" of one reader beside a level of another counts as apart.
        """
        if rule is AdjudicationRule.ANY_MAJOR:
            return self.highest == _SEVERITY[GradeLevel.MAJOR]
        if rule not in (AdjudicationRule.ONE_LEVEL, AdjudicationRule.TWO_LEVELS):
            return False
        if self.levels and self.others:
            return True
        apart = 1 if rule is AdjudicationRule.ONE_LEVEL else 2
        return (self.highest or 0) - (self.lowest or 0) >= apart


def is_sampled(seed: int, label_version_id: int, share: float) -> bool:
    """Whether the sample holds a contour; it depends on nothing but the seed and the contour."""
    drawn = hashlib.sha256(f"adjudicate {seed} {label_version_id}".encode()).digest()
    return int.from_bytes(drawn[:8]) / 2**64 < share


def list_due(session: Session, label_version_id: int | None = None) -> list[DueContour]:
    """Contours that wait for an adjudicator by the rule in force, the one that waits longest first.

    Only reads of a protocol that count (review/counting.py), and only where every read that shows
    the contour is complete. A contour whose consensus grade stands is left out.
    """
    version = find_version(session)
    if version is None or version.adjudication is AdjudicationRule.NONE:
        return []
    counted = _count_levels()
    query = (
        sa.select(counted, col(LabelVersion.case_id), col(Case.name), col(LabelVersion.structure))
        .join(LabelVersion, col(LabelVersion.id) == counted.c.label)
        .join(Case, col(Case.id) == col(LabelVersion.case_id))
        .where(
            counted.c.label.not_in(_list_pending()),
            counted.c.label.not_in(select(ConsensusGrade.label_version_id).where(is_standing())),
        )
        .order_by(counted.c.last)
    )
    if label_version_id is not None:
        query = query.where(counted.c.label == label_version_id)
    rows = session.execute(query).all()
    return [
        DueContour(
            label_version_id=label,
            case_id=case_id,
            case=name,
            structure=structure,
            reads=reads,
            last_grade_id=last,
        )
        for label, last, reads, lowest, highest, levels, case_id, name, structure in rows
        if _meets(
            version,
            label,
            Levels(lowest=lowest, highest=highest, levels=levels, others=reads - levels),
        )
    ]


def list_read_grades(session: Session, label_version_id: int) -> list[ReadGrade]:
    """The grades in force of a contour that count, the oldest first."""
    newer = aliased(Grade)
    rows = session.exec(
        select(Grade, Reader.pseudonym)
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .join(Reader, col(Reader.id) == col(Assignment.reader_id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .where(
            Grade.label_version_id == label_version_id,
            col(newer.supersedes_id).is_(None),
            col(Grade.level).is_not(None),
            is_counted(),
        )
        .order_by(col(Grade.id))
    )
    return [ReadGrade(reader=reader, grade=grade) for grade, reader in rows]


def _meets(version: ProtocolVersion, label: int, levels: Levels) -> bool:
    if version.adjudication is AdjudicationRule.SAMPLE:
        return is_sampled(version.seed, label, version.adjudication_share)
    return levels.meets(version.adjudication)


def _count_levels() -> Subquery:
    """Per contour: id, newest act, grades in force, lowest and highest level, how many are levels.

    The newest act may be a withdrawal, which is in no count.
    """
    newer = aliased(Grade)
    severity = case(_SEVERITY, value=col(Grade.level))
    acts = (
        select(col(Grade.label_version_id).label("label"), func.max(col(Grade.id)).label("last"))
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .where(is_counted())
        .group_by(col(Grade.label_version_id))
        .having(func.max(col(Assignment.protocol_id)).is_not(None))
        .subquery()
    )
    return (
        sa.select(
            acts.c.label,
            acts.c.last,
            func.count().label("reads"),
            func.min(severity).label("lowest"),
            func.max(severity).label("highest"),
            func.count(severity).label("levels"),
        )
        .select_from(Grade)
        .join(acts, acts.c.label == col(Grade.label_version_id))
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .where(
            col(newer.supersedes_id).is_(None),
            col(Grade.level).is_not(None),
            is_counted(),
        )
        .group_by(acts.c.label, acts.c.last)
        .subquery()
    )


def _list_pending() -> Any:
    """Contours that an open first read shows which is not complete."""
    newer = aliased(Grade)
    graded = (
        select(col(Grade.assignment_id), col(Grade.label_version_id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .where(col(newer.supersedes_id).is_(None), col(Grade.level).is_not(None))
        .subquery()
    )
    incomplete = (
        select(ReadContour.assignment_id)
        .outerjoin(
            graded,
            (graded.c.assignment_id == col(ReadContour.assignment_id))
            & (graded.c.label_version_id == col(ReadContour.label_version_id)),
        )
        .where(graded.c.assignment_id.is_(None))
    )
    return (
        select(ReadContour.label_version_id)
        .join(Assignment, col(Assignment.id) == col(ReadContour.assignment_id))
        .where(
            col(Assignment.closed_at_utc).is_(None),
            col(Assignment.is_repeat).is_(False),
            col(Assignment.is_calibration).is_(False),
            col(ReadContour.assignment_id).in_(incomplete),
        )
    )
