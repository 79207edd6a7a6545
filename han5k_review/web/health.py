"""Health: is the process there, does its database answer, may work be sent to it."""

from __future__ import annotations

import shutil

from sqlmodel import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from han5k_review import __version__
from han5k_review.errors import StorageError
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.web.drain import Drain

_ROOM_BYTES = 200 * 1024 * 1024


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


async def answer_readiness(study: Study, drain: Drain, _request: Request) -> Response:
    """200 when requests may come; 503 with the reason while it ends, or when a save would fail.

    Open to everybody, so it says nothing about the study.
    """
    reason = "it is ending" if drain.is_draining else await run_in_threadpool(_find_hurdle, study)
    return JSONResponse(
        {"status": reason or "ready", "version": __version__},
        status_code=503 if reason else 200,
        headers={"Cache-Control": "no-store"},
    )


def _find_hurdle(study: Study) -> str | None:
    try:
        _ask_database(study)
        free = shutil.disk_usage(study.root).free
    except StorageError:
        return "database does not answer"
    except OSError:
        return "the study's folder is not there"
    return "the study's disk is full" if free < _ROOM_BYTES else None


def _ask_database(study: Study) -> None:
    with reading(study.engine) as session:
        session.exec(select(1)).one()
