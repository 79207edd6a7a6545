"""Rows of the sheets about time: each read of a structure with its arm, and the time saved.

In the arm `from nothing` a reader drew the structure without a contour; its time is all that was
drawn, over every submission in the read. In the arm `contour shown` it is the time until the grade
and the time of the edits. The clock of a grade goes on while its structure is edited: where a grade
was given after an edit in the same look, the longer of the two times counts, not their sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from han5k_review.errors import DataError
from han5k_review.exports.grade_rows import GradeRow
from han5k_review.exports.study_rows import StudyRows
from han5k_review.review.counting import GradeUse
from han5k_review.review.drawing import Drawing
from han5k_review.statistics.mixed import TimedRead, TimeSaved, measure_time_saved
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Case, Reader

ALL_STRUCTURES = "whole read"


class TimeArm(StrEnum):
    """What a reader began with; the value is what exports print."""

    NOTHING = "from nothing"
    SHOWN = "contour shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRow:
    """The active seconds of one structure in one read: until its grade, of its edits, and all.

    `is_empty`: its reader submitted that there is nothing to draw, so that it has no time.
    """

    assignment: Assignment
    case: Case
    reader: Reader
    structure: str
    arm: TimeArm
    grade_seconds: float | None
    edit_seconds: float | None
    seconds: float
    is_empty: bool = False

    @property
    def is_counted(self) -> bool:
        """True for a first read of a structure with a time: the model of time saved uses these."""
        return self.seconds > 0 and not (self.is_empty or self.assignment.is_repeat)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRow:
    """Time saved in one structure, or in a whole read; `saved` None with the reason why."""

    structure: str
    from_nothing: int
    shown: int
    saved: TimeSaved | None
    reason: str = ""


def has_manual_arm(rows: StudyRows) -> bool:
    """True where some reads were drawn from nothing: only then is time compared."""
    return bool(rows.manual)


def build_time_rows(rows: StudyRows, grades: Sequence[GradeRow]) -> list[TimeRow]:
    """Every read of a structure with a time, of the protocols that have both arms.

    By case, structure, reader and read. Calibration and planted errors have no row.
    """
    if not has_manual_arm(rows):
        return []
    edits: dict[tuple[int, str], list[Drawing]] = {}
    for one in rows.drawings:
        edits.setdefault((one.assignment_id, one.structure), []).append(one)
    found = [
        _drawn(rows, place, own)
        for place, own in edits.items()
        if place[0] in rows.manual and place[0] in rows.assignments
    ]
    timed = {number for number, row in rows.protocols.items() if row.manual_share > 0}
    for row in grades:
        assignment = row.assignment
        is_timed = assignment.protocol_id in timed and row.is_current
        if is_timed and row.use in (GradeUse.FIRST, GradeUse.REPEAT):
            found.append(_shown(row, edits.get((stored_id(assignment), row.grade.structure), [])))
    return sorted(found, key=_place)


def build_saved_rows(times: Sequence[TimeRow], structures: Iterable[str]) -> list[SavedRow]:
    """Whole reads first, then each structure in the order of `structures`; nothing without a time.

    A whole read counts where each of its structures has a time, and it has more than one.
    """
    counted = [row for row in times if row.is_counted]
    read = {row.structure for row in counted}
    if not read:
        return []
    whole = _list_whole(times)
    rows = [_measure(ALL_STRUCTURES, whole)] if whole else []
    for name in structures:
        if name in read:
            rows.append(_measure(name, [_time(row) for row in counted if row.structure == name]))
    return rows


def _drawn(rows: StudyRows, place: tuple[int, str], own: Sequence[Drawing]) -> TimeRow:
    assignment = rows.assignments[place[0]]
    seconds = sum(one.active_seconds for one in own)
    return TimeRow(
        assignment=assignment,
        case=rows.cases[assignment.case_id],
        reader=rows.readers[assignment.reader_id],
        structure=place[1],
        arm=TimeArm.NOTHING,
        grade_seconds=None,
        edit_seconds=seconds,
        seconds=seconds,
        is_empty=own[-1].voxels == 0,
    )


def _shown(row: GradeRow, edits: Sequence[Drawing]) -> TimeRow:
    looked = row.grade.active_seconds or 0.0
    begun = row.grade.opened_at_utc
    inside, apart = 0.0, 0.0
    for one in edits:
        is_within = (
            begun is not None
            and begun < one.submitted_at_utc
            and one.opened_at_utc < row.grade.graded_at_utc
        )
        inside += one.active_seconds if is_within else 0.0
        apart += 0.0 if is_within else one.active_seconds
    return TimeRow(
        assignment=row.assignment,
        case=row.case,
        reader=row.reader,
        structure=row.grade.structure,
        arm=TimeArm.SHOWN,
        grade_seconds=row.grade.active_seconds,
        edit_seconds=inside + apart if edits else None,
        seconds=max(looked, inside) + apart,
    )


def _place(row: TimeRow) -> tuple[str, str, str, int]:
    return (row.case.name, row.structure, row.reader.pseudonym, row.assignment.read_index)


def _time(row: TimeRow) -> TimedRead:
    return TimedRead(
        patient=row.case.patient,
        reader=row.reader.pseudonym,
        seconds=row.seconds,
        assisted=row.arm is TimeArm.SHOWN,
        order=row.assignment.presentation_order,
    )


def _list_whole(times: Sequence[TimeRow]) -> list[TimedRead]:
    reads: dict[int, list[TimeRow]] = {}
    for row in times:
        reads.setdefault(stored_id(row.assignment), []).append(row)
    most = max((len(own) for own in reads.values()), default=0)
    whole = [
        own
        for own in reads.values()
        if most > 1 and len(own) == most and all(row.is_counted for row in own)
    ]
    return [
        TimedRead(
            patient=own[0].case.patient,
            reader=own[0].reader.pseudonym,
            seconds=sum(row.seconds for row in own),
            assisted=own[0].arm is TimeArm.SHOWN,
            order=own[0].assignment.presentation_order,
        )
        for own in whole
    ]


def _measure(structure: str, reads: Sequence[TimedRead]) -> SavedRow:
    shown = sum(read.assisted for read in reads)
    try:
        saved, reason = measure_time_saved(reads), ""
    except DataError as error:
        saved, reason = None, str(error)
    return SavedRow(
        structure=structure,
        from_nothing=len(reads) - shown,
        shown=shown,
        saved=saved,
        reason=reason,
    )
