"""The grade that a reader gives to the contour they corrected, whichever of the two came first.

It is derived: rows of revisions never change, and a grade may come, change or go at any time.
`revision.grade_id` stays what it was: the grade that was in force when the edit was submitted.

A revision made in the viewer belongs to the read in which it was drawn, and only a grade of that
read counts. A corrected file belongs to no read; of its reader's reads the newest grade counts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sqlmodel import Session, and_, col, or_, select

from han5k_review.review.edit_check import EditCheck, EditMeasure, ask_about_revision, check_grade
from han5k_review.review.edit_rules import EditRules
from han5k_review.store.draft_tables import Draft, DraftSubmission
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Grade, LabelVersion, Revision


def list_declared_grades(session: Session, case_id: int | None = None) -> Mapping[int, Grade]:
    """Revision id -> its reader's grade of the corrected contour; of one case or of all.

    A grade that was withdrawn counts no more.
    """
    query = (
        select(Revision, Grade)
        .join(Grade, col(Grade.label_version_id) == Revision.reviewed_id)
        .join(
            Assignment,
            and_(
                col(Assignment.id) == Grade.assignment_id,
                col(Assignment.reader_id) == Revision.reader_id,
            ),
        )
        .outerjoin(DraftSubmission, col(DraftSubmission.revision_id) == Revision.id)
        .outerjoin(Draft, col(Draft.id) == DraftSubmission.draft_id)
        .where(or_(col(Draft.id).is_(None), col(Draft.assignment_id) == Grade.assignment_id))
        .order_by(col(Grade.id))
    )
    if case_id is not None:
        query = query.where(Assignment.case_id == case_id)
    newest = {
        (stored_id(revision), grade.assignment_id): grade for revision, grade in session.exec(query)
    }
    given = [(key, grade) for (key, _), grade in newest.items() if grade.raw_code is not None]
    return dict(sorted(given, key=lambda one: stored_id(one[1])))


def find_given_grade(session: Session, reader_id: int, label_version_id: int) -> Grade | None:
    """The newest grade that a reader gave a contour in any of their reads, None when withdrawn."""
    rows = session.exec(
        select(Grade)
        .join(Assignment, col(Assignment.id) == Grade.assignment_id)
        .where(Assignment.reader_id == reader_id, Grade.label_version_id == label_version_id)
        .order_by(col(Grade.id))
    )
    newest = {grade.assignment_id: grade for grade in rows}
    given = [grade for grade in newest.values() if grade.raw_code is not None]
    return max(given, key=stored_id, default=None)


def check_given_grade(session: Session, grade: Grade, rules: EditRules) -> EditCheck | None:
    """A grade beside the newest edit that its reader submitted in this read before it.

    None for a grade that withdraws one, and where the reader submitted no edit of this contour.
    """
    if grade.raw_code is None or grade.level is None:
        return None
    found = session.exec(
        select(Revision, LabelVersion)
        .join(LabelVersion, col(LabelVersion.id) == Revision.label_version_id)
        .join(DraftSubmission, col(DraftSubmission.revision_id) == Revision.id)
        .join(Draft, col(Draft.id) == DraftSubmission.draft_id)
        .where(
            Draft.assignment_id == grade.assignment_id,
            Revision.reviewed_id == grade.label_version_id,
        )
        .order_by(col(Revision.id).desc())
    ).first()
    if found is None:
        return None
    revision, child = found
    measure = EditMeasure(
        vrd=math.nan if revision.vrd is None else revision.vrd,
        apl_mm=math.nan if revision.apl_mm is None else revision.apl_mm,
        slices_edited=revision.slices_edited or 0,
        is_empty=child.voxels == 0,
    )
    return check_grade(grade.structure, measure, grade.level, rules, ask=ask_about_revision)
