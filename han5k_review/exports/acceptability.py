"""Acceptability per structure: one verdict per case, and an exact interval for the proportion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.severity import SEVERITY
from han5k_review.statistics.estimates import Interval
from han5k_review.statistics.shares import measure_exact_interval
from han5k_review.store.vocabulary import GradeLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptability:
    """Cases of one structure by their verdict, and the share of acceptable ones (no or minor).

    Each case (or patient) counts once: its worst three-level grade among its readers, or the
    adjudicator's grade where one stands. `interval` is Clopper-Pearson at 95 %, None without a
    case; cases are independent, reads of one case are not.
    """

    grades: int
    no: int
    minor: int
    major: int
    not_graded: int
    interval: Interval | None

    @classmethod
    def nobody(cls) -> Acceptability:
        """A structure that nobody graded."""
        return cls(grades=0, no=0, minor=0, major=0, not_graded=0, interval=None)

    @property
    def cases(self) -> int:
        """Cases with a three-level grade."""
        return self.no + self.minor + self.major

    @property
    def acceptable(self) -> int:
        """Cases with no or minor revision."""
        return self.no + self.minor

    @property
    def proportion(self) -> float | None:
        """Share of acceptable cases; None without a case."""
        return self.acceptable / self.cases if self.cases else None


def build_acceptability(
    rows: Iterable[GradeRow], *, by_patient: bool = False
) -> dict[str, Acceptability]:
    """Structure -> its acceptability, from grades in force of contours under review.

    Only grades that count (review/counting.py). A case whose readers all gave a non-grade (not
    assessable, absent) counts as not graded and stays out of the proportion. With `by_patient` the
    CTs of one patient are one case.
    """
    levels: dict[str, dict[str, list[GradeLevel]]] = {}
    for row in rows:
        if not (row.is_counted and row.is_under_review):
            continue
        by_case = levels.setdefault(row.grade.structure, {})
        if row.verdict is not None:
            name = row.case.patient if by_patient else row.case.name
            by_case.setdefault(name, []).append(row.verdict)
    return {structure: _count(cases.values()) for structure, cases in levels.items()}


def _count(cases: Iterable[list[GradeLevel]]) -> Acceptability:
    verdicts = {level: 0 for level in SEVERITY}
    grades = not_graded = 0
    for levels in cases:
        grades += len(levels)
        graded = [level for level in levels if level in verdicts]
        if graded:
            verdicts[max(graded, key=SEVERITY.index)] += 1
        else:
            not_graded += 1
    no, minor, major = (verdicts[level] for level in SEVERITY)
    return Acceptability(
        grades=grades,
        no=no,
        minor=minor,
        major=major,
        not_graded=not_graded,
        interval=measure_exact_interval(no + minor, no + minor + major),
    )
