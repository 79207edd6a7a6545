"""The sheets `Reading times` and `Time saved`: drawn from nothing against a contour to revise."""

from __future__ import annotations

from collections.abc import Callable

from han5k_review.exports.columns import Column, Kind, Sheet, column
from han5k_review.exports.time_rows import SavedRow, TimeArm, TimeRow
from han5k_review.statistics.estimates import Estimate
from han5k_review.statistics.mixed import TimeSaved

_T, _I, _N, _B = Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN
_MEASURED = "measured: docs/statistics.md"

TIMES: Sheet[TimeRow] = Sheet(
    key="reading-times",
    title="Reading times",
    row="a structure in one read of a study that compares times, with its arm",
    columns=(
        column("case", "Case", _T, "case", "Pseudonym of the case.", lambda r: r.case.name),
        column(
            "patient", "Patient", _T, "case", "Pseudonym of the patient.", lambda r: r.case.patient
        ),
        column("structure", "Structure", _T, "read", "Its name.", lambda r: r.structure),
        column(
            "reader",
            "Reader",
            _T,
            "reader",
            "Pseudonym of the reader.",
            lambda r: r.reader.pseudonym,
        ),
        column(
            "arm",
            "Arm",
            _T,
            "read",
            f"{', '.join(f'`{one.value}`' for one in TimeArm)}: what the reader began with.",
            lambda r: r.arm.value,
        ),
        column(
            "read_index",
            "Read",
            _I,
            "read",
            "Which of the reader's reads of this case, from 1.",
            lambda r: r.assignment.read_index,
        ),
        column(
            "presentation_order",
            "Place in the list",
            _I,
            "read",
            "Place of the read in its reader's list, from 1.",
            lambda r: r.assignment.presentation_order,
        ),
        column(
            "is_repeat",
            "Repeat",
            _B,
            "read",
            "True in a hidden repeat, which is not counted.",
            lambda r: r.assignment.is_repeat,
        ),
        column(
            "grade_seconds",
            "Time until the grade",
            _N,
            "grade",
            "Active seconds on the structure until its grade; empty where nothing is graded.",
            lambda r: r.grade_seconds,
            "s",
        ),
        column(
            "edit_seconds",
            "Time of drawing",
            _N,
            "revision",
            "Active seconds of all submitted edits of the structure in this read.",
            lambda r: r.edit_seconds,
            "s",
        ),
        column(
            "active_seconds",
            "Active time",
            _N,
            "derived",
            "Both together; where the edits came before the grade, in one look, the longer one.",
            lambda r: r.seconds,
            "s",
        ),
        column(
            "is_empty",
            "Nothing to draw",
            _B,
            "revision",
            "True where the reader submitted that the structure cannot be drawn in this CT.",
            lambda r: r.is_empty,
        ),
        column(
            "is_counted",
            "Counted",
            _B,
            "derived",
            "True where the time is part of the time saved.",
            lambda r: r.is_counted,
        ),
    ),
)


def _estimate(
    name: str, title: str, words: str, unit: str, read: Callable[[TimeSaved], Estimate]
) -> tuple[Column[SavedRow], ...]:
    def value(row: SavedRow) -> float | None:
        return None if row.saved is None else read(row.saved).value

    def limit(side: str) -> Callable[[SavedRow], float | None]:
        def read_limit(row: SavedRow) -> float | None:
            found = None if row.saved is None else read(row.saved).interval
            return None if found is None else float(getattr(found, side))

        return read_limit

    return (
        column(name, title, _N, _MEASURED, words, value, unit),
        column(f"{name}_low", f"{title}, lower 95 %", _N, _MEASURED, words, limit("low"), unit),
        column(f"{name}_high", f"{title}, upper 95 %", _N, _MEASURED, words, limit("high"), unit),
    )


SAVED: Sheet[SavedRow] = Sheet(
    key="time-saved",
    title="Time saved",
    row="a structure, or whole reads: contours to revise against drawing from nothing",
    columns=(
        column(
            "structure",
            "Structure",
            _T,
            "read",
            "Name of the structure, or `whole read`.",
            lambda r: r.structure,
        ),
        column(
            "from_nothing",
            "Drawn from nothing",
            _I,
            "read",
            "Times that count.",
            lambda r: r.from_nothing,
        ),
        column("shown", "Contour shown", _I, "read", "Times that count.", lambda r: r.shown),
        *_estimate(
            "time_ratio",
            "Time in share of drawing",
            "0.6: four tenths are saved.",
            "",
            lambda saved: saved.ratio,
        ),
        *_estimate(
            "seconds_saved",
            "Seconds saved",
            "Of the geometric mean of drawing from nothing.",
            "s",
            lambda saved: saved.seconds_saved,
        ),
        *_estimate(
            "order_effect",
            "Effect of the order",
            "Change of the log of seconds per tenfold place in the list.",
            "",
            lambda saved: saved.model.order,
        ),
        column(
            "patient_variance",
            "Variance between patients",
            _N,
            _MEASURED,
            "Of the log of seconds.",
            lambda r: None if r.saved is None else r.saved.model.patient_variance,
        ),
        column(
            "reader_variance",
            "Variance between readers",
            _N,
            _MEASURED,
            "Of the log of seconds.",
            lambda r: None if r.saved is None else r.saved.model.reader_variance,
        ),
        column(
            "reason",
            "Not measured because",
            _T,
            _MEASURED,
            "Why there is no number; also where the fit did not converge.",
            lambda r: _say_reason(r),
        ),
    ),
)


def _say_reason(row: SavedRow) -> str | None:
    if row.saved is not None and not row.saved.model.converged:
        return "The fit did not converge; do not rely on this line."
    return row.reason or None
