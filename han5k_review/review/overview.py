"""Overview: where a study stands and what waits for whom, counted in the database.

stand = measure_overview(session, now=utc_now())
stand.cases[CaseStage.GRADED]      # cases whose every read is complete
stand.readers[0].per_day           # structures a day, over the last 14 days
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import aliased
from sqlmodel import Session, col, func, select

from han5k_review.review.counting import is_counted
from han5k_review.review.drafts.unsubmitted import count_drafts
from han5k_review.review.progress import Progress, measure_progress
from han5k_review.store.identity import stored_id
from han5k_review.store.preference_tables import Preference
from han5k_review.store.tables import Assignment, Case, Grade, Reader

PACE_DAYS = 14


class CaseStage(StrEnum):
    """How far a case is; the value is what the page says."""

    UNASSIGNED = "not assigned"
    WAITING = "not started"
    STARTED = "being graded"
    GRADED = "graded"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPace:
    """One reader: what is left, how fast it goes, and when it ends if it goes on like this.

    `per_day` counts first grades per calendar day over the last 14 days, or since the reader's
    first one; `seconds_per_structure` is the median active time. None where nothing is known.
    """

    reader_id: int
    name: str
    cases: int
    cases_done: int
    graded: int
    total: int
    open_drafts: int
    last_graded_at_utc: datetime | None
    per_day: float | None
    seconds_per_structure: float | None
    days_left: int | None

    @property
    def left(self) -> int:
        """Structures still to grade."""
        return self.total - self.graded


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The counts of the lead's first page."""

    cases: Mapping[CaseStage, int]
    readers: tuple[ReaderPace, ...]
    open_drafts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recent:
    """First grades of one reader since the window began, and when the first of them was."""

    grades: int
    since_utc: datetime


def measure_overview(session: Session, *, now: datetime) -> Overview:
    """Count cases by stage and readers' progress, pace and open drafts."""
    progress = measure_progress(session)
    by_case: dict[int, list[Progress]] = {}
    by_reader: dict[int, list[Progress]] = {}
    for read in progress.values():
        by_case.setdefault(read.case_id, []).append(read)
        by_reader.setdefault(read.reader_id, []).append(read)
    drafts = count_drafts(session, col(Assignment.reader_id))
    recent = _count_recent(session, now)
    seconds = _median_seconds(session, now)
    readers = session.exec(select(Reader).where(col(Reader.active)).order_by(col(Reader.id))).all()
    return Overview(
        cases=_count_stages(session, by_case),
        readers=tuple(
            _pace(
                reader,
                by_reader[reader.id],
                drafts.get(reader.id, 0),
                _per_day(recent.get(reader.id), now),
                seconds.get(reader.id),
            )
            for reader in readers
            if reader.id is not None and reader.id in by_reader
        ),
        open_drafts=sum(drafts.values()),
    )


def _count_stages(
    session: Session, by_case: Mapping[int, Sequence[Progress]]
) -> Mapping[CaseStage, int]:
    counts = Counter(_stage(reads) for reads in by_case.values())
    cases = session.exec(select(func.count()).select_from(Case)).one()
    counts[CaseStage.UNASSIGNED] = cases - len(by_case)
    return {stage: counts[stage] for stage in CaseStage}


def _stage(reads: Sequence[Progress]) -> CaseStage:
    if all(read.is_done for read in reads):
        return CaseStage.GRADED
    started = any(read.graded for read in reads)
    return CaseStage.STARTED if started else CaseStage.WAITING


def _pace(
    reader: Reader,
    reads: Sequence[Progress],
    drafts: int,
    per_day: float | None,
    seconds: float | None,
) -> ReaderPace:
    graded, total = sum(read.graded for read in reads), sum(read.total for read in reads)
    times = [r.last_graded_at_utc for r in reads if r.last_graded_at_utc is not None]
    return ReaderPace(
        reader_id=stored_id(reader),
        name=reader.name,
        cases=len(reads),
        cases_done=sum(read.is_done for read in reads),
        graded=graded,
        total=total,
        open_drafts=drafts,
        last_graded_at_utc=max(times, default=None),
        per_day=per_day,
        seconds_per_structure=seconds,
        days_left=math.ceil((total - graded) / per_day) if per_day and total > graded else None,
    )


def _per_day(recent: _Recent | None, now: datetime) -> float | None:
    """Grades a day since the first of the window; a day is the least that is divided by."""
    if recent is None:
        return None
    return recent.grades / max(1.0, (now - recent.since_utc) / timedelta(days=1))


def _count_recent(session: Session, now: datetime) -> dict[int, _Recent]:
    """First grades and choices (not changes of one) of the last 14 days by reader."""
    found: dict[int, _Recent] = {}
    for table, at in ((Grade, Grade.graded_at_utc), (Preference, Preference.chosen_at_utc)):
        rows = session.exec(
            select(col(Assignment.reader_id), func.count(), func.min(at))
            .join(table, col(table.assignment_id) == col(Assignment.id))
            .where(col(table.supersedes_id).is_(None), col(at) >= now - timedelta(days=PACE_DAYS))
            .group_by(col(Assignment.reader_id))
        )
        for reader, count, since in rows:
            before = found.get(reader)
            found[reader] = _Recent(
                grades=count + (before.grades if before else 0),
                since_utc=min(since, before.since_utc) if before else since,
            )
    return found


def _median_seconds(session: Session, now: datetime) -> dict[int, float]:
    """Median active seconds of the first grades and choices of the last 14 days by reader."""
    found: dict[int, list[float]] = {}
    for table, at in ((Grade, Grade.graded_at_utc), (Preference, Preference.chosen_at_utc)):
        rows = session.exec(
            select(col(Assignment.reader_id), col(table.active_seconds))
            .join(table, col(table.assignment_id) == col(Assignment.id))
            .where(
                col(table.supersedes_id).is_(None),
                col(table.active_seconds).is_not(None),
                col(at) >= now - timedelta(days=PACE_DAYS),
            )
        )
        for reader, spent in rows:
            found.setdefault(reader, []).append(float(spent or 0))
    return {reader: sorted(spent)[len(spent) // 2] for reader, spent in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """One structure of one case that readers graded differently: reader -> level."""

    case: str
    structure: str
    levels: Mapping[str, str]


def list_disagreements(session: Session, *, most: int) -> list[Disagreement]:
    """Structures whose grades in force differ in level between readers, the newest first."""
    newer, peer = aliased(Grade), aliased(Assignment)
    in_force = (
        select(
            col(Assignment.case_id),
            col(Grade.structure),
            func.max(Grade.id).label("last"),
        )
        .join(Grade, col(Grade.assignment_id) == col(Assignment.id))
        .outerjoin(newer, col(newer.supersedes_id) == col(Grade.id))
        .where(col(newer.supersedes_id).is_(None), col(Grade.level).is_not(None), is_counted())
        .group_by(col(Assignment.case_id), col(Grade.structure))
        .having(func.min(Grade.level) != func.max(Grade.level))
        .order_by(func.max(Grade.id).desc())
        .limit(most)
    ).subquery()
    later = aliased(Grade)
    rows = session.exec(
        select(col(Case.name), in_force.c.structure, col(Reader.name), col(Grade.level))
        .join(in_force, in_force.c.case_id == col(Case.id))
        .join(peer, col(peer.case_id) == col(Case.id))
        .join(
            Grade,
            (col(Grade.assignment_id) == col(peer.id))
            & (col(Grade.structure) == in_force.c.structure),
        )
        .outerjoin(later, col(later.supersedes_id) == col(Grade.id))
        .join(Reader, col(Reader.id) == col(peer.reader_id))
        .where(col(later.supersedes_id).is_(None), col(Grade.level).is_not(None), is_counted(peer))
        .order_by(in_force.c.last.desc(), col(Reader.id))
    )
    found: dict[tuple[str, str], dict[str, str]] = {}
    for case, structure, reader, level in rows:
        if level is not None:
            found.setdefault((case, structure), {})[reader] = level.value
    return [
        Disagreement(case=case, structure=structure, levels=levels)
        for (case, structure), levels in found.items()
    ]
