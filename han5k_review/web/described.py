"""What a route says of itself: which act it is, what it answers, how it refuses.

@router.get("/cases", **described(Action.READ_ANY_CASE, "The cases.", CasesAnswer))

The act is one of the MAY tables. From it come who may (in the description), and whether the token
of a program is good for it (checked here, before anything of the request is read). A route without
this answers people in a browser only: `get_identity` refuses a token there.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import MAY, MAY_ON, WITHIN, Action, TaskAct, Whose, require_within
from han5k_review.store.vocabulary import Role, Scope
from han5k_review.web.desk import WITHIN_SCOPE, get_identity

WHO_MAY = "x-who-may"
NEEDED_SCOPE = "x-token-scope"
ANY = "any"
BROWSER = "none: browser only"
_REFUSALS = {
    401: "nobody is signed in, or the token opens nothing",
    403: "this person, or this token, may not",
    404: "there is no such thing here",
    409: "it changed since it was read, or exists already",
    413: "the body is too long",
    422: "a value is wrong, or a rule of the study forbids it; the sentence says which",
    429: "too often; wait",
    507: "the disk or the database did not take or give it",
}
_OF_CHANGES = (409, 413)


class Problem(BaseModel):
    """Every refusal. Those about drafts have a `reason` and more (docs/transport.md)."""

    error: str


def described(
    act: Action | TaskAct | None,
    says: str,
    answer: type[BaseModel] | str | None,
    *,
    status: int = 200,
    changes: bool = False,
    repeats: bool = False,
    own: bool = False,
) -> dict[str, Any]:
    """Keywords of a route: `answer` is a model, the media type of a file, or None for no body.

    `act` None: whoever is signed in, and every token. `repeats`: sent again, it is answered 200.
    `own`: of an act on tasks, only on one's own.
    """
    told: dict[str, Any] = {"description": "no body" if answer is None else "the answer"}
    if isinstance(answer, str):
        told["content"] = {answer: {"schema": {"type": "string", "format": "binary"}}}
    elif answer is not None:
        told["model"] = answer
    refused = {
        code: {"model": Problem, "description": words}
        for code, words in _REFUSALS.items()
        if changes or code not in _OF_CHANGES
    }
    repeated = {200: told} if repeats else {}
    return {
        "summary": says,
        "status_code": status,
        "response_class": Response,
        "responses": {status: told, **repeated, **refused},
        "dependencies": [Depends(_within(act))],
        "openapi_extra": {WHO_MAY: say_who(act, own=own), NEEDED_SCOPE: find_scope(act)},
    }


def find_scope(act: Action | TaskAct | None) -> str:
    """The scope that a token needs for the act; ANY: every token will do, BROWSER: none will."""
    if act is None:
        return ANY
    return next((scope.value for scope in Scope if act in WITHIN[scope]), BROWSER)


def say_who(act: Action | TaskAct | None, *, own: bool = False) -> str:
    """Which roles the MAY tables let do it, in words."""
    if act is None:
        return "everybody who is signed in"
    if isinstance(act, Action):
        return _say_roles({role for role in Role if act in MAY[role]})
    told = []
    for whose in [Whose.OWN] if own else Whose:
        rows = [roles for (one, of, _), roles in MAY_ON.items() if (one, of) == (act, whose)]
        if rows:
            told.append(f"{whose} task: {_say_roles(set().union(*rows))}")
    return "; ".join(told)


def _say_roles(roles: set[Role]) -> str:
    return "everybody" if len(roles) == len(Role) else ", ".join(r for r in Role if r in roles)


def check_within(request: Request, act: Action | TaskAct | None) -> None:
    """Say which act a request is; AccessError where the token of a program does not cover it."""
    request.scope[WITHIN_SCOPE] = True
    if act is not None:
        require_within(get_identity(request), act)


def _within(act: Action | TaskAct | None) -> Callable[[Request], Coroutine[Any, Any, None]]:
    async def check(request: Request) -> None:
        check_within(request, act)

    return check
