"""Results: what the grades say so far, counted in the database.

Grades in force of contours under review, as far as they count (review/counting.py). What is said of
a contour or a patient takes the consensus grade where one stands (review/consensus.py); what is
said of readers takes their own grades.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from sqlalchemy import ColumnElement, Select, String, and_, case, cast, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func

from han5k_review.review.consensus import is_standing
from han5k_review.review.counting import is_counted
from han5k_review.review.labels import UNDER_REVIEW
from han5k_review.store.consensus_tables import ConsensusGrade
from han5k_review.store.tables import Assignment, Case, Grade, LabelVersion, Reader
from han5k_review.store.vocabulary import GradeLevel

LEVELS = (GradeLevel.NO, GradeLevel.MINOR, GradeLevel.MAJOR)
_VERDICT = func.coalesce(col(ConsensusGrade.level), col(Grade.level))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCell:
    """How many contours two readers gave these two levels (places in LEVELS)."""

    first: str
    second: str
    first_level: int
    second_level: int
    contours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One case of one structure: worst level (a place in LEVELS), time of the last grade."""

    patient: str
    case: str
    level: int
    graded_at_utc: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCount:
    """Patients of one structure, each with the worst grade, and those that are acceptable."""

    patients: int
    acceptable: int


def count_grades(session: Session) -> Mapping[str, Mapping[GradeLevel, int]]:
    """Structure -> grades by level, non-grades too."""
    rows = session.execute(
        _counted(col(Grade.structure), col(Grade.level), func.count()).group_by(
            col(Grade.structure), col(Grade.level)
        )
    )
    found: dict[str, dict[GradeLevel, int]] = {}
    for structure, level, count in rows:
        found.setdefault(structure, {})[level] = count
    return found


def count_pairs(session: Session) -> list[PairCell]:
    """Every two readers on the masks that both graded, by their levels.

    Masks are counted by who gave them which levels, which makes few groups. A join of all grades
    with themselves is never planned well: no database knows how many grades count.
    """
    graded = _counted(
        col(Grade.label_version_id).label("label"),
        col(Assignment.reader_id).label("reader"),
        func.min(_severity(col(Grade.level))).label("level"),
    ).where(col(Grade.level).in_(LEVELS))
    one = graded.group_by(col(Grade.label_version_id), col(Assignment.reader_id)).subquery()
    said = cast(one.c.reader, String) + ":" + cast(one.c.level, String)
    mask = (
        select(func.aggregate_strings(said, ",").label("levels"))
        .group_by(one.c.label)
        .having(func.count() > 1)
        .subquery()
    )
    rows = session.execute(select(mask.c.levels, func.count()).group_by(mask.c.levels))
    found: Counter[tuple[int, int, int, int]] = Counter()
    for levels, masks in rows:
        given = sorted(tuple(map(int, each.split(":"))) for each in levels.split(","))
        for (a, i), (b, j) in combinations(given, 2):
            found[a, b, i, j] += masks
    names = dict(session.execute(select(col(Reader.id), col(Reader.pseudonym))).all())
    return [
        PairCell(first=names[a], second=names[b], first_level=i, second_level=j, contours=count)
        for (a, b, i, j), count in sorted(found.items())
    ]


def count_patients(session: Session) -> Mapping[str, PatientCount]:
    """Structure -> its patients with a three-level grade."""
    worst = (
        _counted(
            col(Grade.structure).label("structure"),
            col(Case.patient),
            func.max(_severity(_VERDICT)).label("level"),
        )
        .where(_VERDICT.in_(LEVELS))
        .group_by(col(Grade.structure), col(Case.patient))
        .subquery()
    )
    major = LEVELS.index(GradeLevel.MAJOR)
    rows = session.execute(
        select(
            worst.c.structure,
            func.count(),
            func.sum(case((worst.c.level < major, 1), else_=0)),
        ).group_by(worst.c.structure)
    )
    return {
        structure: PatientCount(patients=patients, acceptable=int(acceptable))
        for structure, patients, acceptable in rows
    }


def list_verdicts(session: Session, structure: str) -> list[Verdict]:
    """Cases of a structure with a three-level grade, in the order of their last grade."""
    last = func.max(Grade.graded_at_utc)
    rows = session.execute(
        _counted(col(Case.patient), col(Case.name), func.max(_severity(_VERDICT)), last)
        .where(_VERDICT.in_(LEVELS), col(Grade.structure) == structure)
        .group_by(col(Case.patient), col(Case.name))
        .order_by(last, col(Case.name))
    )
    return [
        Verdict(patient=patient, case=name, level=level, graded_at_utc=at)
        for patient, name, level, at in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContourVerdict:
    """What readers said of one contour: worst level (a place in LEVELS), its first grade, and the
    active seconds of all its grades (0 where none were measured)."""

    contour: int
    patient: str
    level: int
    graded_at_utc: datetime
    active_seconds: float


def select_contour_verdicts() -> Select[Any]:
    """Contours under review that have a three-level grade: their id, patient, worst level (a place
    in LEVELS), first grade, and active seconds, as columns named like `ContourVerdict`'s."""
    seconds = func.sum(func.coalesce(col(Grade.active_seconds), 0.0))
    return (
        _counted(
            col(Grade.label_version_id).label("contour"),
            col(Case.patient).label("patient"),
            func.max(_severity(_VERDICT)).label("level"),
            func.min(Grade.graded_at_utc).label("graded_at_utc"),
            seconds.label("active_seconds"),
        )
        .where(_VERDICT.in_(LEVELS))
        .group_by(col(Grade.label_version_id), col(Case.patient))
    )


def list_contour_verdicts(session: Session) -> list[ContourVerdict]:
    """Contours under review that have a three-level grade, with their worst."""
    rows = session.execute(select_contour_verdicts().order_by(col(Grade.label_version_id)))
    return [
        ContourVerdict(
            contour=contour, patient=patient, level=level, graded_at_utc=at, active_seconds=spent
        )
        for contour, patient, level, at, spent in rows
    ]


def _severity(level: Any) -> ColumnElement[int]:
    return case({level: place for place, level in enumerate(LEVELS)}, value=level)


def _counted(*columns: Any) -> Select[Any]:
    """A query over the grades that count, joined with their assignment and case."""
    newer = aliased(Grade)
    under_review = (
        select(func.max(LabelVersion.id))
        .where(col(LabelVersion.source).in_(UNDER_REVIEW))
        .group_by(col(LabelVersion.case_id), col(LabelVersion.structure))
    )
    counted: Select[Any] = (
        select(*columns)
        .select_from(Grade)
        .join(Assignment, col(Assignment.id) == col(Grade.assignment_id))
        .join(Case, col(Case.id) == col(Assignment.case_id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .outerjoin(
            ConsensusGrade,
            and_(
                col(ConsensusGrade.label_version_id) == col(Grade.label_version_id), is_standing()
            ),
        )
        .where(
            col(newer.supersedes_id).is_(None),
            col(Grade.label_version_id).in_(under_review),
            col(Grade.level).is_not(None),
            is_counted(),
        )
    )
    return counted
