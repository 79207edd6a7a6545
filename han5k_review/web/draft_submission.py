"""Draft routes, last part: the check of the edit against its grade, and the submission."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import Action, TaskAct
from han5k_review.errors import RuleError
from han5k_review.review.drafts.opening import get_draft, get_open_draft
from han5k_review.review.drafts.submission import find_submission, prepare_submission, submit_draft
from han5k_review.review.drawing import list_drawn
from han5k_review.review.grading import (
    count_graded,
    count_turns,
    list_current_grades,
    submit_grade,
)
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.review.row_numbers import RowKind
from han5k_review.store.columns import utc_now
from han5k_review.store.draft_tables import DraftSubmission
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import Revision
from han5k_review.study import get_study_info, grid_of, read_study_scale
from han5k_review.web.answers import CheckAnswer, SubmissionAnswer
from han5k_review.web.bodies import Name, RowId, bounded
from han5k_review.web.described import described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import answer_json, describe_check, describe_submission
from han5k_review.web.draft_bodies import SubmitBody
from han5k_review.web.draft_room import DraftRoom, Visitor
from han5k_review.web.grade_bodies import GradeBody, describe_drawn, describe_grade

_DRAFT = "/assignments/{assignment_id}/drafts/{structure}"


def add_submitting(router: APIRouter, room: DraftRoom) -> None:
    """Add `<draft>/check` and `<draft>/submit`."""

    @router.get(
        _DRAFT + "/check",
        **described(
            Action.GRADE, "How large the edit is, and whether the grade fits it.", CheckAnswer
        ),
    )
    def answer_check(request: Request, assignment_id: RowId, structure: Name) -> Response:
        with room.look(get_identity(request), assignment_id) as visitor:
            prepared = prepare_submission(
                visitor.session,
                room.study.labels,
                room.shelf,
                draft=get_draft(visitor.session, assignment_id, structure),
                grid=grid_of(visitor.case),
                rules=room.rules,
            )
        return answer_json(describe_check(prepared.check, room.rules))

    @router.post(
        _DRAFT + "/submit",
        **described(
            TaskAct.CHANGE,
            "Submit a draft as a revision, with a grade where one comes too.",
            SubmissionAnswer,
            status=201,
            repeats=True,
            changes=True,
        ),
    )
    def post_submit(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[SubmitBody, Depends(bounded(SubmitBody, Action.GRADE))],
    ) -> Response:
        return _submit(room, get_identity(request), assignment_id, structure, body)


def _submit(
    room: DraftRoom, identity: ReaderIdentity, assignment_id: int, structure: str, body: SubmitBody
) -> Response:
    with room.look(identity, assignment_id) as visitor:
        known = find_submission(visitor.session, visitor.assignment, body.request_id)
        if known is not None:
            return answer_json(_describe(visitor, structure, known), 200)
        prepared = prepare_submission(
            visitor.session,
            room.study.labels,
            room.shelf,
            draft=get_open_draft(
                visitor.session,
                visitor.assignment,
                structure,
                visitor.numbers.find(RowKind.DRAFT, body.draft),
            ),
            grid=grid_of(visitor.case),
            rules=room.rules,
        )
    try:
        with room.change(identity, assignment_id) as visitor:
            known = find_submission(visitor.session, visitor.assignment, body.request_id)
            if known is None and body.grade is not None:
                _give_grade(room, visitor, structure, body.grade)
            made = known or submit_draft(
                visitor.session,
                room.study.labels,
                assignment=visitor.assignment,
                reader=visitor.reader,
                structure=structure,
                request=body.to_request(visitor.numbers),
                prepared=prepared,
                now=utc_now(),
            )
            answer = _describe(visitor, structure, made)
    except DraftError as error:
        if error.reason is Reason.GRADE_DISAGREES:
            error.detail["check"] = describe_check(error.detail["check"], room.rules)
        raise
    return answer_json(answer, 201 if known is None else 200)


def _give_grade(room: DraftRoom, visitor: Visitor, structure: str, body: GradeBody) -> None:
    """The grade that comes with a submission: both are stored, or neither."""
    if body.structure != structure or body.code is None:
        raise RuleError(f"A grade of {structure} was expected with its edit, found {body.code!r}.")
    submit_grade(
        visitor.session,
        assignment_id=stored_id(visitor.assignment),
        reader=visitor.reader,
        scale=read_study_scale(room.study, get_study_info(visitor.session)),
        request=body.to_request(visitor.numbers),
        now=utc_now(),
    )


def _describe(
    visitor: Visitor, structure: str, made: tuple[DraftSubmission, Revision]
) -> dict[str, Any]:
    """What was submitted, and how the grade of the structure stands now."""
    grades = list_current_grades(visitor.session, stored_id(visitor.assignment))
    grade = grades.get(structure)
    turn = count_turns(visitor.session, stored_id(visitor.assignment)).get(structure, 0)
    described = None if grade is None else describe_grade(grade, turn, visitor.numbers)
    drawn = list_drawn(visitor.session, stored_id(visitor.assignment)).get(structure)
    if drawn is not None:
        described = describe_drawn(structure, drawn, made[1].reviewed_id, visitor.numbers)
    graded, total = count_graded(visitor.session, visitor.assignment)
    return {
        **describe_submission(*made, visitor.numbers),
        "grade": described,
        "graded": graded,
        "total": total,
    }
