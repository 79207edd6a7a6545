"""Signing in from MONAI Label's clients: an account's name, and a personal token as the password.

Its plugin for 3D Slicer does not check whose certificate it meets, so the password of an account is
refused here: a token can be ended alone and opens reads only.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.tokens import PREFIX
from han5k_review.errors import AccessError, SignInError
from han5k_review.texts.names import fold_name
from han5k_review.web.answers import Answer
from han5k_review.web.bodies import read_bounded
from han5k_review.web.described import described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import answer_json
from han5k_review.web.monailabel.answers import EnabledAnswer, TokenAnswer, ValidAnswer
from han5k_review.web.monailabel.tool_desk import ToolDesk, get_address

_MOST_FORM = 4096
_MOST_PARTS = 16
_MAKE_ONE = "make one on the page Account, with the scopes read and revise"


def add_sign_in(router: APIRouter, desk: ToolDesk) -> None:
    """`GET /auth/`, `POST /auth/token` and `GET /auth/token/valid`."""

    @router.get("/auth/", include_in_schema=False)
    async def answer_enabled() -> Response:
        return _answer(EnabledAnswer(enabled=True))

    @router.post("/auth/token", include_in_schema=False)
    async def post_token(request: Request) -> Response:
        content = await read_bounded(request, _MOST_FORM)
        name, token = _read_form(content)
        await run_in_threadpool(_check, desk, name, token, get_address(request))
        return _answer(TokenAnswer(access_token=token, token_type="bearer"))

    @router.get("/auth/token/valid", **described(None, "Whose token it is.", ValidAnswer))
    async def answer_valid(request: Request) -> Response:
        return _answer(ValidAnswer(username=get_identity(request).name))


def _read_form(content: bytes) -> tuple[str, str]:
    """Name and token of a form; 422 for another body."""
    try:
        fields = dict(parse_qsl(content.decode(), max_num_fields=_MOST_PARTS, errors="strict"))
        return fields["username"], fields["password"]
    except (UnicodeError, ValueError, KeyError) as error:
        raise HTTPException(
            422, "A form with username and password was expected, found another body."
        ) from error


def _check(desk: ToolDesk, name: str, token: str, address: str) -> None:
    """Return when the token is of the account; 401 otherwise, 429 after too many wrong ones."""
    if not token.startswith(PREFIX):
        raise HTTPException(
            401, f"A personal token was expected as the password, found another text; {_MAKE_ONE}."
        )
    try:
        identity = desk.tokens.identify(token, address)
    except SignInError as error:
        raise HTTPException(401, str(error)) from error
    except AccessError as error:
        raise HTTPException(429, str(error)) from error
    if fold_name(identity.name) != fold_name(name):
        raise HTTPException(
            401, "The name of the token's own account was expected, found another name."
        )


def _answer(answer: Answer) -> Response:
    return answer_json(answer.model_dump(mode="json"))
