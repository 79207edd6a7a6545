"""Lock routes: an adjudicator locks a contour as accepted, or unlocks a structure with a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action
from han5k_review.errors import RuleError
from han5k_review.review.decisions.locking import lock_structure, unlock_structure
from han5k_review.review.row_numbers import WHOLE_CASE
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.tables import LabelVersion, Reader
from han5k_review.web.answers import LockAnswer
from han5k_review.web.bodies import Name, RowId, bounded
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity
from han5k_review.web.draft_answers import answer_json, describe_lock
from han5k_review.web.draft_bodies import LockBody


def build_lock_router(desk: Desk) -> APIRouter:
    """`POST /cases/{id}/locks/{structure}`."""
    router = APIRouter()

    @router.post(
        "/cases/{case_id}/locks/{structure}",
        **described(
            Action.ADJUDICATE,
            "Lock a contour as accepted, or unlock its structure.",
            LockAnswer,
            status=201,
            changes=True,
        ),
    )
    def post_lock(
        request: Request,
        case_id: RowId,
        structure: Name,
        body: Annotated[LockBody, Depends(bounded(LockBody, Action.ADJUDICATE))],
    ) -> Response:
        identity = get_identity(request)
        now = utc_now()
        with transaction(desk.study.engine) as session:
            reader = session.get(Reader, identity.reader_id)
            if reader is None:
                raise HTTPException(401, "Your account is gone; sign in with another one.")
            if body.locked:
                number = body.label_version
                version = None if number is None else session.get(LabelVersion, number)
                if version is None or (version.case_id, version.structure) != (case_id, structure):
                    raise RuleError(f"A contour of {structure} in this case was expected to lock.")
                lock = lock_structure(
                    session,
                    label_version_id=stored_id(version),
                    by=reader,
                    now=now,
                    reason=body.reason,
                )
            else:
                lock = unlock_structure(
                    session,
                    case_id=case_id,
                    structure=structure,
                    reason=body.reason,
                    by=reader,
                    now=now,
                )
            answer = describe_lock(lock, WHOLE_CASE, blinded=False)
        return answer_json(answer, 201)

    return router
