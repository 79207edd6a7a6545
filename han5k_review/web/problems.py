"""Errors as answers: each branch of the error tree has a status code, each answer one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from han5k_review.errors import (
    AccessError,
    ConfigError,
    ConflictError,
    DataError,
    Han5kError,
    RuleError,
    StorageError,
)
from han5k_review.web.invalid import describe_invalid, quote

Endpoint = Callable[[Request], Awaitable[Response]]
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# The first class that fits counts, so subclasses stand above their bases.
STATUS: tuple[tuple[type[Han5kError], int], ...] = (
    (AccessError, 403),
    (RuleError, 422),
    (StorageError, 507),
    (ConflictError, 409),
    (DataError, 422),
    (ConfigError, 500),
    (Han5kError, 500),
)


def status_of(error: Han5kError, method: str) -> int:
    """The status code of an error; what is damaged when it is only read is the store's fault."""
    if isinstance(error, DataError) and not isinstance(error, ConflictError) and method == "GET":
        return 507
    return next(status for kind, status in STATUS if isinstance(error, kind))


def problem(status: int, sentence: str) -> JSONResponse:
    """`{"error": sentence}`, never kept by a cache; signs that UTF-8 cannot hold become `?`."""
    return JSONResponse(
        {"error": sentence.encode("utf-8", "replace").decode("utf-8")},
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )


def wrong_method(method: str, path: str, allowed: str) -> JSONResponse:
    """405 with what the address takes, in its header and in the sentence."""
    answer = problem(405, f"{allowed} was expected at {quote(path)}, found {quote(method)}.")
    answer.headers["Allow"] = allowed
    return answer


def by_method(path: str, **answers: Endpoint) -> Route:
    """A route that answers each method in its own way, and every other one with 405."""
    allowed = ", ".join(answers)

    async def answer(request: Request) -> Response:
        found = answers.get("GET" if request.method == "HEAD" else request.method)
        if found is None:
            return wrong_method(request.method, path, allowed)
        return await found(request)

    return Route(path, answer, methods=_METHODS)


def add_problem_handlers(api: FastAPI) -> None:
    """Answer every error of the API with its status and one sentence."""
    api.add_exception_handler(Han5kError, _answer_ours)
    api.add_exception_handler(RequestValidationError, _answer_invalid)
    api.add_exception_handler(HTTPException, _answer_http)
    api.add_exception_handler(Exception, _answer_unexpected)


async def _answer_ours(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, Han5kError):
        raise error
    return problem(status_of(error, request.method), str(error))


async def _answer_invalid(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return problem(422, describe_invalid(error.errors()))


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    sentence = str(error.detail)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "another method")
        return wrong_method(request.method, request.url.path, allowed)
    if sentence == "Not Found":
        sentence = f"There is nothing at {quote(request.url.path)}."
    return problem(error.status_code, sentence)


async def _answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    return problem(
        500, "The server met an error it does not know; its log has the details. Please try again."
    )
