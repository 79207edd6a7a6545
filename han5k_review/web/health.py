"""Health: is the process there and does its database answer."""

from __future__ import annotations

from sqlmodel import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from han5k_review import __version__
from han5k_review.errors import StorageError
from han5k_review.store.engine import reading
from han5k_review.store.study import Study


async def answer_health(study: Study, _request: Request) -> Response:
    """200 with `{"status": "ok", "version": ...}`; 503 when the database does not answer.

    Open to everybody, so it says nothing about the study.
    """
    headers = {"Cache-Control": "no-store"}
    try:
        await run_in_threadpool(_ask_database, study)
    except StorageError:
        body = {"status": "database does not answer", "version": __version__}
        return JSONResponse(body, status_code=503, headers=headers)
    return JSONResponse({"status": "ok", "version": __version__}, headers=headers)


def _ask_database(study: Study) -> None:
    with reading(study.engine) as session:
        session.exec(select(1)).one()
