"""The sheet `Readers`: pseudonyms only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from han5k_review.exports.columns import Kind, Sheet, column
from han5k_review.exports.estimate_columns import estimate_columns
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.study_rows import StudyRows
from han5k_review.review.counting import GradeUse
from han5k_review.review.vigilance import FOUND
from han5k_review.statistics.vigilance import Sensitivity, measure_sensitivity
from han5k_review.store.tables import Reader

_T, _I, _N, _B, _UTC = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderRow:
    """A reader, by pseudonym, with the work done; login names and passwords stay out."""

    reader: Reader
    assigned: int
    grades: int
    active_seconds: float
    last_graded_at_utc: datetime | None
    vigilance: Sensitivity


READERS: Sheet[ReaderRow] = Sheet(
    key="readers",
    title="Readers",
    row="a person with an account, under their pseudonym",
    columns=(
        column(
            "reader",
            "Reader",
            _T,
            "reader",
            "Pseudonym of the reader.",
            lambda r: r.reader.pseudonym,
        ),
        column(
            "reader_role",
            "Reader role",
            _T,
            "reader",
            "Role at the time of the export.",
            lambda r: r.reader.role.value,
        ),
        column(
            "active",
            "Active",
            _B,
            "reader",
            "False when the account is closed.",
            lambda r: r.reader.active,
        ),
        column(
            "assigned",
            "Reads assigned",
            _I,
            "assignment",
            "Reads assigned to the reader.",
            lambda r: r.assigned,
        ),
        column(
            "grades", "Grades", _I, "grade", "The reader's grades in force.", lambda r: r.grades
        ),
        column(
            "planted_errors",
            "Planted errors graded",
            _I,
            "grade",
            "Contours with an error made on purpose that the reader graded in a first read.",
            lambda r: r.vigilance.planted,
        ),
        column(
            "planted_found",
            "Planted errors found",
            _I,
            "grade",
            "Those graded as major revision, absent or wrong organ.",
            lambda r: r.vigilance.found,
        ),
        *estimate_columns(
            "sensitivity",
            "Sensitivity",
            "Share of planted errors found.",
            lambda r: r.vigilance.estimate,
        ),
        column(
            "active_seconds",
            "Active time",
            _N,
            "grade",
            "Sum of active time over all acts of grading.",
            lambda r: r.active_seconds,
            "s",
        ),
        column(
            "last_graded_at_utc",
            "Last graded",
            _UTC,
            "grade",
            "When the reader last graded.",
            lambda r: r.last_graded_at_utc,
            "UTC",
        ),
    ),
)


def _measure_vigilance(acts: Sequence[GradeRow]) -> Sensitivity:
    planted = [
        row.grade.level
        for row in acts
        if row.is_current and row.use is GradeUse.PLANTED and not row.assignment.is_repeat
    ]
    return measure_sensitivity(sum(level in FOUND for level in planted), len(planted))


def build_reader_rows(rows: StudyRows, grades: Sequence[GradeRow]) -> list[ReaderRow]:
    """The readers, by pseudonym, with what they made of planted errors."""
    assigned = Counter(a.reader_id for a in rows.assignments.values())
    acts: dict[int | None, list[GradeRow]] = {}
    for row in grades:
        acts.setdefault(row.reader.id, []).append(row)
    return [
        ReaderRow(
            reader=reader,
            assigned=assigned[number],
            grades=sum(row.is_current for row in acts.get(number, [])),
            active_seconds=sum(row.grade.active_seconds or 0.0 for row in acts.get(number, [])),
            last_graded_at_utc=max(
                (row.grade.graded_at_utc for row in acts.get(number, [])), default=None
            ),
            vigilance=_measure_vigilance(acts.get(number, [])),
        )
        for number, reader in sorted(rows.readers.items(), key=lambda item: item[1].pseudonym)
    ]
