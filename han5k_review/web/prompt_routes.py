"""Prompt routes: a hospital's nnInteractive server, asked for a reader who draws."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct, require
from han5k_review.prompting.prompts import PromptError, Refusal
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.web.bodies import Name, RowId, bounded
from han5k_review.web.described import Problem, described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import DraftRoute, answer_json
from han5k_review.web.invalid import describe_invalid
from han5k_review.web.prompt_answers import (
    PromptAnswer,
    PromptsAnswer,
    describe_answer,
    describe_state,
)
from han5k_review.web.prompt_bodies import LeaveBody, PromptBody
from han5k_review.web.prompt_room import PromptRoom

_PROMPTS = "/assignments/{assignment_id}/drafts/{structure}/prompts"
_STATUS = {
    Refusal.FULL: 503,
    Refusal.FAILED: 502,
    Refusal.SLOW: 504,
    Refusal.CANCELLED: 409,
    Refusal.WRONG: 422,
}
_ELSEWHERE = {
    502: "the nnInteractive server is not there, or does not answer as it should",
    503: "all its sessions are in use; wait as long as `Retry-After` says",
    504: "it did not answer in time",
}


class PromptRoute(DraftRoute):
    """A draft route whose refusals may come from the server that is asked."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the refusals of prompts answered."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except PromptError as error:
                told = {"error": str(error), "reason": error.refusal.value}
                refused = answer_json(told, _STATUS[error.refusal])
                if error.wait_seconds is not None:
                    refused.headers["Retry-After"] = str(error.wait_seconds)
                return refused

        return answer


def build_prompt_router(room: PromptRoom) -> APIRouter:
    """The routes of docs/transport.md, Prompts."""
    router = APIRouter(route_class=PromptRoute)
    _add_looking(router, room)
    _add_asking(router, room)
    return router


def _add_looking(router: APIRouter, room: PromptRoom) -> None:
    @router.get(
        _PROMPTS,
        **described(Action.GRADE, "Whether prompts are there for an own read.", PromptsAnswer),
    )
    async def answer_prompts(request: Request, assignment_id: RowId, structure: Name) -> Response:
        act = partial(room.look, get_identity(request), assignment_id, structure)
        return answer_json(describe_state(await room.serve(act)))


def _add_asking(router: APIRouter, room: PromptRoom) -> None:
    told = described(TaskAct.CHANGE, "Ask with a prompt.", PromptAnswer, changes=True)
    told["responses"] |= {
        status: {"model": Problem, "description": words} for status, words in _ELSEWHERE.items()
    }

    @router.post(_PROMPTS, **told)
    async def post_prompt(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[PromptBody, Depends(bounded(PromptBody, Action.GRADE))],
    ) -> Response:
        act = partial(room.ask, get_identity(request), assignment_id, structure, body)
        try:
            answer = await room.serve(act)
        except DraftError as error:
            if error.reason is not Reason.NO_ASSISTANCE:
                raise
            return answer_json({"error": str(error), "reason": error.reason.value}, 403)
        return answer_json(describe_answer(answer))

    @router.delete(
        _PROMPTS,
        **described(
            TaskAct.CHANGE,
            "Stop a prompt, and give the session back.",
            None,
            status=204,
            changes=True,
        ),
    )
    async def delete_prompts(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[LeaveBody, Depends(_read_leave)],
    ) -> Response:
        act = partial(room.leave, get_identity(request), assignment_id, body.holder)
        await room.serve(act, ends=True)
        return Response(status_code=204)


async def _read_leave(request: Request) -> LeaveBody:
    """The tab, from the body or, where a page that closes sends none, from the address."""
    holder = request.query_params.get("holder")
    if holder is None:
        return await bounded(LeaveBody, Action.GRADE)(request)
    require(get_identity(request), Action.GRADE)
    try:
        return LeaveBody(holder=holder)
    except ValidationError as error:
        sentence = describe_invalid(error.errors(include_url=False))
        raise HTTPException(422, sentence) from error
