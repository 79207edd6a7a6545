"""Label set routes: which sets of contours a case shows now, e.g. after a submission."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct
from han5k_review.review.edit_rules import read_edit_rules
from han5k_review.review.label_sets import Viewpoint, list_label_sets, view_case, view_task
from han5k_review.store.engine import reading
from han5k_review.web.addresses import CaseRoutes, name_case, name_task
from han5k_review.web.answers import LabelSetsAnswer
from han5k_review.web.bodies import RowId
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity, get_readable_assignment, get_readable_case
from han5k_review.web.draft_answers import answer_json

_SAYS = "Which sets of contours may be seen now."


def build_label_set_router(desk: Desk) -> APIRouter:
    """`GET .../label_sets`, by assignment and by case: the mount's `label_sets`, as of now."""
    router = APIRouter()
    names_reads = read_edit_rules(desk.study.tables).names_reads

    @router.get(
        "/assignments/{assignment_id}/label_sets", **described(TaskAct.LOOK, _SAYS, LabelSetsAnswer)
    )
    def answer_sets(request: Request, assignment_id: RowId) -> Response:
        with reading(desk.study.engine) as session:
            assignment, case = get_readable_assignment(
                session, assignment_id, get_identity(request)
            )
            viewpoint = view_task(assignment, names_reads=names_reads)
            answer = _describe(session, case.id, viewpoint, name_task(assignment_id))
        return answer_json(answer)

    @router.get(
        "/cases/{case_id}/label_sets", **described(Action.READ_ANY_CASE, _SAYS, LabelSetsAnswer)
    )
    def answer_case_sets(request: Request, case_id: RowId) -> Response:
        with reading(desk.study.engine) as session:
            case = get_readable_case(session, case_id, get_identity(request))
            viewpoint = view_case(names_reads=names_reads)
            answer = _describe(session, case.id, viewpoint, name_case(case_id))
        return answer_json(answer)

    return router


def _describe(
    session: Session, case_id: int | None, viewpoint: Viewpoint, routes: CaseRoutes
) -> dict[str, Any]:
    return {
        "label_sets": [
            {
                "key": one.key,
                "name": one.name,
                "line": one.style.line,
                "url": routes.masks(one.key),
                "color": one.style.colour,
            }
            for one in list_label_sets(session, case_id or 0, viewpoint)
        ]
    }
