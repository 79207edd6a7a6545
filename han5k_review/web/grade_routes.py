"""Grade routes: one row for each act, committed before the answer; and the place to resume at."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import Action, TaskAct
from han5k_review.review.assignment import save_position
from han5k_review.review.declared_grades import check_given_grade
from han5k_review.review.drawing import list_drawn
from han5k_review.review.edit_rules import EditRules, read_edit_rules
from han5k_review.review.feedback import find_feedback
from han5k_review.review.grading import (
    count_turns,
    get_own_assignment,
    list_current_grades,
    submit_grade,
)
from han5k_review.review.labels import list_shown
from han5k_review.review.preferences import (
    count_choice_turns,
    is_forced_choice,
    list_current_choices,
)
from han5k_review.review.preferring import submit_choice
from han5k_review.review.row_numbers import RowNumbers, number_task
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Assignment, Grade, Reader
from han5k_review.study import get_study_info, read_study_scale
from han5k_review.study.scale import Scale
from han5k_review.web.answers import GradeAnswer, GradesAnswer
from han5k_review.web.bodies import Body, Index, Name, RowId, bounded
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity
from han5k_review.web.draft_answers import answer_json, describe_check
from han5k_review.web.grade_bodies import (
    GradeBody,
    describe_choice,
    describe_drawn,
    describe_grade,
)


class ResumeBody(Body):
    """Where the reader is: structure and axial slice k."""

    structure: Name | None = None
    slice: Index | None = None


def build_grade_router(desk: Desk) -> APIRouter:
    """The grade and position routes of docs/transport.md."""
    router = APIRouter()
    rules = read_edit_rules(desk.study.tables)

    @router.get(
        "/assignments/{assignment_id}/grades",
        **described(TaskAct.LOOK, "The grades in force of an own read.", GradesAnswer, own=True),
    )
    def answer_grades(request: Request, assignment_id: RowId) -> Response:
        numbers = number_task(desk.study.root, assignment_id)
        with reading(desk.study.engine) as session:
            reader = _get_reader(session, get_identity(request))
            task = get_own_assignment(session, assignment_id, reader)
            found = list_current_grades(session, assignment_id)
            turns = count_turns(session, assignment_id)
            chosen = list_current_choices(session, assignment_id)
            acts = count_choice_turns(session, assignment_id)
            grades = {n: describe_grade(one, turns[n], numbers) for n, one in found.items()}
            grades |= {n: describe_choice(one, acts[n], numbers) for n, one in chosen.items()}
            drawn = list_drawn(session, assignment_id)
            shown = list_shown(session, task) if drawn else {}
            grades |= {
                n: describe_drawn(n, one, stored_id(shown[n]), numbers)
                for n, one in drawn.items()
                if n in shown
            }
            answer = {"grades": grades}
        return answer_json(answer)

    @router.post(
        "/assignments/{assignment_id}/grades",
        **described(
            TaskAct.CHANGE,
            "Give a grade, or withdraw one.",
            GradeAnswer,
            status=201,
            changes=True,
            repeats=True,
        ),
    )
    def post_grade(
        request: Request,
        assignment_id: RowId,
        body: Annotated[GradeBody, Depends(bounded(GradeBody, Action.GRADE))],
    ) -> Response:
        return _store_grade(desk.study, rules, get_identity(request), assignment_id, body)

    @router.post(
        "/assignments/{assignment_id}/position",
        **described(TaskAct.CHANGE, "Where to resume.", None, status=204, changes=True),
    )
    def post_position(
        request: Request,
        assignment_id: RowId,
        body: Annotated[ResumeBody, Depends(bounded(ResumeBody))],
    ) -> Response:
        identity = get_identity(request)
        with transaction(desk.study.engine) as session:
            reader = _get_reader(session, identity)
            assignment = get_own_assignment(session, assignment_id, reader)
            save_position(session, assignment, structure=body.structure, slice_k=body.slice)
        return Response(status_code=204)

    return router


def _store_grade(
    study: Study, rules: EditRules, identity: ReaderIdentity, assignment_id: int, body: GradeBody
) -> Response:
    numbers = number_task(study.root, assignment_id)
    with transaction(study.engine) as session:
        reader = _get_reader(session, identity)
        if is_forced_choice(session, assignment_id):
            return _store_choice(session, reader, assignment_id, body, numbers)
        scale = read_study_scale(study, get_study_info(session))
        outcome = submit_grade(
            session,
            assignment_id=assignment_id,
            reader=reader,
            scale=scale,
            request=body.to_request(numbers),
            now=utc_now(),
        )
        check = check_given_grade(session, outcome.grade, rules)
        answer = {
            "grade": describe_grade(outcome.grade, outcome.turn, numbers),
            "graded": outcome.graded,
            "total": outcome.total,
            "check": None if check is None else describe_check(check, rules),
        }
        trains = session.get_one(Assignment, assignment_id).is_calibration
        grade_id = stored_id(outcome.grade)
        status = 201 if outcome.is_new else 200
    if trains:
        answer |= _give_feedback(study, grade_id, scale)
    return answer_json(answer, status)


def _store_choice(
    session: Session, reader: Reader, assignment_id: int, body: GradeBody, numbers: RowNumbers
) -> Response:
    outcome = submit_choice(
        session,
        assignment_id=assignment_id,
        reader=reader,
        request=body.to_request(numbers),
        now=utc_now(),
    )
    answer = {
        "grade": describe_choice(outcome.preference, outcome.turn, numbers),
        "graded": outcome.chosen,
        "total": outcome.total,
        "check": None,
    }
    return answer_json(answer, 201 if outcome.is_new else 200)


def _give_feedback(study: Study, grade_id: int, scale: Scale) -> dict[str, Any]:
    """What the answer says of a grade of a calibration case, once it is stored."""
    with reading(study.engine) as session:
        feedback = find_feedback(session, study, session.get_one(Grade, grade_id), scale)
    if feedback is None:
        return {}
    return {"feedback": {"agrees": feedback.agrees, "sentence": feedback.sentence}}


def _get_reader(session: Session, identity: ReaderIdentity) -> Reader:
    reader = session.get(Reader, identity.reader_id)
    if reader is None:
        raise HTTPException(401, "Your account is gone; sign in with another one.")
    return reader
