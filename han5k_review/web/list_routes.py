"""Routes that say what there is: who asks, their own reads, and the cases they may see whole."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct, require
from han5k_review.review.assignment import list_worklist
from han5k_review.review.signatures import list_blind_cases
from han5k_review.store.columns import format_utc
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.study import list_cases
from han5k_review.web.answers import CaseAnswer, CasesAnswer, MeAnswer, TaskAnswer, TasksAnswer
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity
from han5k_review.web.draft_answers import answer_json


def build_list_router(desk: Desk) -> APIRouter:
    """`GET /me`, `/assignments` and `/cases`."""
    router = APIRouter()

    @router.get("/me", **described(None, "Who asks, and what the token is for.", MeAnswer))
    async def answer_me(request: Request) -> Response:
        identity = get_identity(request)
        scopes = None if identity.scopes is None else sorted(identity.scopes)
        answer = MeAnswer(
            name=identity.name, pseudonym=identity.pseudonym, role=identity.role, scopes=scopes
        )
        return answer_json(answer.model_dump(mode="json"))

    @router.get(
        "/assignments", **described(TaskAct.LOOK, "One's own reads.", TasksAnswer, own=True)
    )
    def answer_tasks(request: Request) -> Response:
        with reading(desk.study.engine) as session:
            entries = list_worklist(session, get_identity(request).reader_id)
        tasks = [
            TaskAnswer(
                assignment=one.assignment_id,
                case=one.case,
                graded=one.graded,
                total=one.total,
                open_drafts=one.open_drafts,
                signed_at_utc=None if one.signed_at_utc is None else format_utc(one.signed_at_utc),
            )
            for one in entries
        ]
        return answer_json(TasksAnswer(assignments=tasks).model_dump(mode="json"))

    @router.get(
        "/cases", **described(Action.READ_ANY_CASE, "The cases one may see whole.", CasesAnswer)
    )
    def answer_cases(request: Request) -> Response:
        identity = get_identity(request)
        require(identity, Action.READ_ANY_CASE)
        with reading(desk.study.engine) as session:
            blind = list_blind_cases(session, identity.reader_id)
            cases = [
                CaseAnswer(
                    case=stored_id(case),
                    name=case.name,
                    patient=case.patient,
                    split=case.split.value,
                    image=case.image_sha256,
                )
                for case in list_cases(session)
                if case.id not in blind
            ]
        return answer_json(CasesAnswer(cases=cases).model_dump(mode="json"))

    return router
