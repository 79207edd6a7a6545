"""Errors as answers: each branch of the error tree has a status code, each answer one sentence."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from han5k_review.errors import (
    AccessError,
    ConfigError,
    ConflictError,
    DataError,
    Han5kError,
    RuleError,
    StorageError,
)

# The first class that fits counts, so subclasses stand above their parents.
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
    """`{"error": sentence}`, never kept by a cache."""
    return JSONResponse(
        {"error": sentence}, status_code=status, headers={"Cache-Control": "no-store"}
    )


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
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
    return problem(422, f"{place}: {first['msg']}, found {str(first.get('input'))[:80]!r}.")


async def _answer_http(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    sentence = str(error.detail)
    if sentence == "Not Found":
        sentence = f"There is nothing at {request.url.path}."
    return problem(error.status_code, sentence)


async def _answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    return problem(
        500, "The server met an error it does not know; its log has the details. Please try again."
    )
