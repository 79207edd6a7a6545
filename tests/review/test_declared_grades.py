"""The grade beside a revision, whichever of the two came first."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from han5k_review.review.decisions.adjudication import list_questions
from han5k_review.review.decisions.revising import list_revisions
from han5k_review.review.decisions.submitting import submit_revision
from han5k_review.review.declared_grades import check_given_grade, list_declared_grades
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.store.draft_tables import Draft, DraftSubmission
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Assignment, Grade, LabelVersion, Reader, Revision
from han5k_review.store.vocabulary import DraftState, GradeLevel, LabelSource
from rigs.studies import NOON
from tests.review.conftest import Bench, block

Edit = Callable[[Bench, Session, Reader], Revision]


def grade(bench: Bench, session: Session, reader: Reader, code: str | None, read: int = 1) -> Grade:
    task = session.exec(
        select(Assignment).where(Assignment.reader_id == reader.id, Assignment.read_index == read)
    ).one()
    return submit_grade(
        session,
        assignment_id=stored_id(task),
        reader=reader,
        scale=bench.scale,
        request=GradeRequest(
            request_id=uuid.uuid4().hex,
            structure="ParotidL",
            label_version_id=under_review(session, bench),
            code=code,
        ),
        now=NOON,
    ).grade


def under_review(session: Session, bench: Bench) -> int:
    newest = session.exec(
        select(LabelVersion)
        .where(LabelVersion.structure == "ParotidL", LabelVersion.source == LabelSource.PSEUDO)
        .order_by(col(LabelVersion.id).desc())
    ).first()
    return stored_id(newest) if newest is not None else bench.versions["ParotidL"]


def revise(bench: Bench, session: Session, reader: Reader) -> Revision:
    """A correction that came as a file: of no read."""
    return submit_revision(
        session,
        bench.study.labels,
        case=bench.case,
        structure="ParotidL",
        before=block(1),
        after=block(2),
        reader=reader,
        now=NOON,
    )


def draw(bench: Bench, session: Session, reader: Reader, read: int = 1) -> Revision:
    """A correction that was drawn in the viewer, in one read."""
    revision = revise(bench, session, reader)
    task = session.exec(
        select(Assignment).where(Assignment.reader_id == reader.id, Assignment.read_index == read)
    ).one()
    draft = Draft(
        assignment_id=stored_id(task),
        case_id=task.case_id,
        structure="ParotidL",
        base_label_version_id=revision.reviewed_id,
        reviewed_label_version_id=revision.reviewed_id,
        state=DraftState.SUBMITTED,
        voxels=1,
    )
    session.add(draft)
    session.flush()
    session.add(
        DraftSubmission(
            draft_id=stored_id(draft),
            revision_id=stored_id(revision),
            request_id=uuid.uuid4().hex,
            version=1,
            slices_edited=1,
            suggested_levels=[],
            confirmed=False,
            submitted_at_utc=NOON,
        )
    )
    session.flush()
    return revision


@pytest.mark.parametrize("edit", [revise, draw])
def test_a_grade_after_the_edit_stands_beside_it(
    bench: Bench, edit: Callable[[Bench, Session, Reader], Revision]
) -> None:
    with transaction(bench.study.engine) as session:
        revision = edit(bench, session, bench.anna)
        (question,) = list_questions(session, names_reads=True)
        assert question.candidates[0].grade is None
        given = grade(bench, session, bench.anna, "minor")
        (question,) = list_questions(session, names_reads=True)
        assert question.candidates[0].grade == given
        assert list_revisions(session)[0].grade == given
        assert revision.grade_id is None  # the row is as it was written


def test_a_grade_that_changes_or_goes_is_the_one_that_counts(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        first = grade(bench, session, bench.anna, "minor")
        revision = draw(bench, session, bench.anna)
        assert revision.grade_id == first.id
        second = grade(bench, session, bench.anna, "major")
        key = stored_id(revision)
        assert list_declared_grades(session)[key] == second
        grade(bench, session, bench.anna, None)
        assert key not in list_declared_grades(session, bench.case.id)


def test_only_ones_own_grade_of_the_same_read_and_contour_counts(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        session.add(
            Assignment(
                case_id=stored_id(bench.case),
                reader_id=stored_id(bench.anna),
                presentation_order=9,
                read_index=2,
                is_repeat=True,
            )
        )
        session.flush()
        key = stored_id(draw(bench, session, bench.anna, read=1))
        grade(bench, session, bench.ben, "major")
        grade(bench, session, bench.anna, "major", read=2)
        assert key not in list_declared_grades(session)
        given = grade(bench, session, bench.anna, "minor", read=1)
        session.add(
            LabelVersion(
                case_id=stored_id(bench.case),
                structure="ParotidL",
                source=LabelSource.PSEUDO,
                mask_sha256=bench.study.labels.put_mask(block(3)),
                voxels=block(3).voxel_count,
                volume_cc=1.0,
            )
        )
        session.flush()
        grade(bench, session, bench.anna, "no", read=1)  # of the newer contour
        assert list_declared_grades(session)[key] == given


def test_a_grade_that_does_not_fit_the_edit_before_it_is_asked_about(bench: Bench) -> None:
    with transaction(bench.study.engine) as session:
        draw(bench, session, bench.anna)
        given = grade(bench, session, bench.anna, "no")
        check = check_given_grade(session, given, EditRules())
        assert check is not None
        assert check.question is not None
        assert check.suggested == (GradeLevel.MAJOR,)
        assert check.question.endswith("The edit is submitted. Keep this grade?")
        fitting = check_given_grade(
            session, grade(bench, session, bench.anna, "major"), EditRules()
        )
        assert fitting is not None
        assert fitting.question is None
        assert (
            check_given_grade(session, grade(bench, session, bench.ben, "no"), EditRules()) is None
        )
