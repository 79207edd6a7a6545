"""The reader table: who read how much, trained how, repeated when, and found which errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.reader_sheet import ReaderRow, build_reader_rows
from han5k_review.exports.report.facts import ReportFacts
from han5k_review.exports.report.markup import (
    Section,
    paragraph,
    say_limits,
    say_number,
    say_percent,
    table,
)
from han5k_review.review.counting import GradeUse

_SECONDS_PER_HOUR = 3600
_HEADINGS = (
    "Reader",
    "Role",
    "Reads assigned",
    "First reads",
    "Signed",
    "Grades that count",
    "Calibration reads",
    "Repeats",
    "Days between, median (range)",
    "Planted errors found",
    "Sensitivity (exact 95 %)",
    "Active hours",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderWork:
    """What one reader did; `gaps_days` lie between the last grade of a read and its repeat."""

    row: ReaderRow
    first_reads: int
    signed: int
    counted: int
    calibration: int
    repeats: int
    gaps_days: tuple[float, ...]


def list_reader_work(facts: ReportFacts) -> list[ReaderWork]:
    """Readers who were assigned a read, by pseudonym."""
    acts: dict[int | None, list[GradeRow]] = {}
    for grade in facts.grades:
        if grade.is_current:
            acts.setdefault(grade.reader.id, []).append(grade)
    return [
        _build_work(facts, row, acts.get(row.reader.id, []))
        for row in build_reader_rows(facts.rows, facts.grades)
        if row.assigned
    ]


def _build_work(facts: ReportFacts, row: ReaderRow, acts: Sequence[GradeRow]) -> ReaderWork:
    reads: dict[GradeUse, set[int | None]] = {use: set() for use in GradeUse}
    for act in acts:
        reads[act.use].add(act.assignment.id)
    return ReaderWork(
        row=row,
        first_reads=len(reads[GradeUse.FIRST]),
        signed=len(reads[GradeUse.FIRST] & set(facts.signed)),
        counted=sum(act.is_counted for act in acts),
        calibration=len(reads[GradeUse.CALIBRATION]),
        repeats=len(reads[GradeUse.REPEAT]),
        gaps_days=_list_gaps(acts),
    )


def _list_gaps(acts: Sequence[GradeRow]) -> tuple[float, ...]:
    """Days from the last grade of a case's first read to the first grade of each repeat."""
    firsts: dict[int | None, list[GradeRow]] = {}
    repeats: dict[int | None, list[GradeRow]] = {}
    for act in acts:
        if act.use is GradeUse.FIRST:
            firsts.setdefault(act.case.id, []).append(act)
        elif act.use is GradeUse.REPEAT:
            repeats.setdefault(act.assignment.id, []).append(act)
    gaps = []
    for rows in repeats.values():
        before = firsts.get(rows[0].case.id)
        if before:
            last = max(row.grade.graded_at_utc for row in before)
            gap = min(row.first_graded_at_utc for row in rows) - last
            gaps.append(gap.total_seconds() / 86_400)
    return tuple(sorted(gaps))


def build_readers(facts: ReportFacts) -> Section:
    """One line per reader, under pseudonyms."""
    lines = [
        (
            work.row.reader.pseudonym,
            work.row.reader.role.value,
            work.row.assigned,
            work.first_reads,
            work.signed,
            work.counted,
            work.calibration,
            work.repeats,
            _say_gaps(work.gaps_days),
            f"{work.row.vigilance.found} of {work.row.vigilance.planted}",
            _say_sensitivity(work.row),
            say_number(work.row.active_seconds / _SECONDS_PER_HOUR, 2),
        )
        for work in list_reader_work(facts)
    ]
    return Section(
        key="readers",
        title="Readers",
        parts=(
            table(_HEADINGS, lines, key="reader-table"),
            paragraph(
                "Specialty and years of experience are not recorded in the study; state them in "
                "the text. Training is what the calibration reads are: cases that each reader "
                "graded to learn, never counted. Days between: from the last grade of the first "
                "read to the first grade of the repeat.",
                kind="small",
            ),
        ),
    )


def _say_gaps(days: Sequence[float]) -> str:
    if not days:
        return "-"
    return f"{median(days):.1f} ({days[0]:.1f} to {days[-1]:.1f})"


def _say_sensitivity(row: ReaderRow) -> str:
    found = row.vigilance.estimate
    if found.value is None:
        return "no error planted"
    return f"{say_percent(found.value)} ({say_limits(found.interval)})"
