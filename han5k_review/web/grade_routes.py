"""Grade routes: one row for each act, committed before the answer; and the place to resume at."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import Action, require
from han5k_review.review.assignment import save_position
from han5k_review.review.grading import (
    GradeRequest,
    get_own_assignment,
    submit_grade,
)
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.study import Study
from han5k_review.store.tables import Grade, Reader
from han5k_review.study import get_study_info, read_study_scale
from han5k_review.web.desk import Desk, get_identity


class GradeBody(BaseModel):
    """What the viewer posts; the rules of the study are checked by `submit_grade`."""

    model_config = ConfigDict(extra="forbid")

    request_id: str = Field(min_length=8, max_length=64)
    structure: str = Field(max_length=128)
    label_version: int
    code: str | None
    tags: list[str] = Field(default_factory=list, max_length=32)
    comment: str = ""
    flagged_slices: list[int] = Field(default_factory=list, max_length=2048)
    opened_at_utc: AwareDatetime | None = None
    active_seconds: float | None = Field(default=None, allow_inf_nan=False)


class PositionBody(BaseModel):
    """Where the reader is: structure and axial slice k."""

    model_config = ConfigDict(extra="forbid")

    structure: str | None = Field(default=None, max_length=128)
    slice: int | None = Field(default=None, ge=0, le=100_000)


def build_grade_router(desk: Desk) -> APIRouter:
    """The two writing routes of docs/transport.md."""
    router = APIRouter()

    @router.post("/assignments/{assignment_id}/grades")
    def post_grade(request: Request, assignment_id: int, body: GradeBody) -> Response:
        identity = get_identity(request)
        require(identity, Action.GRADE)
        return _store_grade(desk.study, identity, assignment_id, body)

    @router.post("/assignments/{assignment_id}/position")
    def post_position(request: Request, assignment_id: int, body: PositionBody) -> Response:
        identity = get_identity(request)
        with transaction(desk.study.engine) as session:
            reader = _get_reader(session, identity)
            assignment = get_own_assignment(session, assignment_id, reader)
            save_position(session, assignment, structure=body.structure, slice_k=body.slice)
        return Response(status_code=204)

    return router


def _store_grade(
    study: Study, identity: ReaderIdentity, assignment_id: int, body: GradeBody
) -> Response:
    with transaction(study.engine) as session:
        outcome = submit_grade(
            session,
            assignment_id=assignment_id,
            reader=_get_reader(session, identity),
            scale=read_study_scale(study, get_study_info(session)),
            request=_grade_request(body),
            now=utc_now(),
        )
        answer = {
            "grade": _describe(outcome.grade),
            "graded": outcome.graded,
            "total": outcome.total,
        }
        status = 201 if outcome.is_new else 200
    return JSONResponse(answer, status_code=status, headers={"Cache-Control": "no-store"})


def _grade_request(body: GradeBody) -> GradeRequest:
    return GradeRequest(
        request_id=body.request_id,
        structure=body.structure,
        label_version_id=body.label_version,
        code=body.code,
        tags=tuple(body.tags),
        comment=body.comment,
        flagged_slices=tuple(body.flagged_slices),
        opened_at_utc=body.opened_at_utc,
        active_seconds=body.active_seconds,
    )


def _describe(grade: Grade) -> dict[str, Any]:
    return {
        "id": grade.id,
        "structure": grade.structure,
        "label_version": grade.label_version_id,
        "code": grade.raw_code,
        "tags": list(grade.tags),
        "comment": grade.comment,
        "flagged_slices": list(grade.flagged_slices),
        "graded_at_utc": format_utc(grade.graded_at_utc),
    }


def _get_reader(session: Session, identity: ReaderIdentity) -> Reader:
    reader = session.get(Reader, identity.reader_id)
    if reader is None:
        raise HTTPException(401, "Your account is gone; sign in with another one.")
    return reader
