"""Which grades count: the one place that says so, for queries and for rows in memory.

A planted error, a calibration read and a hidden repeat are graded like everything else, and must
never be counted as a grade of the study: the first measures vigilance, the second teaches, the
third measures agreement with oneself.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select

from han5k_review.store.protocol_tables import PlantedContour
from han5k_review.store.tables import Assignment, Grade
from han5k_review.store.vocabulary import LabelSource


class GradeUse(StrEnum):
    """What a grade is for; the value is what exports print."""

    FIRST = "first read"
    REPEAT = "repeat"
    CALIBRATION = "calibration"
    PLANTED = "planted error"


def find_use(assignment: Assignment, source: LabelSource) -> GradeUse:
    """What a grade of this read of a contour of this source is for."""
    if source is LabelSource.PLANTED:
        return GradeUse.PLANTED
    if assignment.is_calibration:
        return GradeUse.CALIBRATION
    return GradeUse.REPEAT if assignment.is_repeat else GradeUse.FIRST


def is_of_study(read: type[Assignment] = Assignment) -> ColumnElement[bool]:
    """For a query that joins Grade and `read`: neither calibration nor a planted error."""
    planted = select(PlantedContour.label_version_id)
    return and_(col(read.is_calibration).is_(False), col(Grade.label_version_id).not_in(planted))


def is_counted(read: type[Assignment] = Assignment) -> ColumnElement[bool]:
    """For a query that joins Grade and `read`: a first read that counts (`GradeUse.FIRST`)."""
    return and_(is_of_study(read), col(read.is_repeat).is_(False))
