"""The signature route: a reader signs a complete read of their own, which closes it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct
from han5k_review.review.signing import sign_read
from han5k_review.store.columns import format_utc, utc_now
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Reader
from han5k_review.web.answers import SignatureAnswer
from han5k_review.web.bodies import Body, RowId, bounded
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, get_identity
from han5k_review.web.draft_answers import answer_json


class SignatureBody(Body):
    """Nothing but the wish: who signs, when and what is known to the server."""


def build_signature_router(desk: Desk) -> APIRouter:
    """`POST /assignments/{id}/signature` (docs/transport.md, Signing)."""
    router = APIRouter()

    @router.post(
        "/assignments/{assignment_id}/signature",
        **described(
            TaskAct.SIGN, "Sign a complete read.", SignatureAnswer, status=201, changes=True
        ),
    )
    def post_signature(
        request: Request,
        assignment_id: RowId,
        _body: Annotated[SignatureBody, Depends(bounded(SignatureBody, Action.GRADE))],
    ) -> Response:
        identity = get_identity(request)
        with transaction(desk.study.engine) as session:
            reader = session.get(Reader, identity.reader_id)
            if reader is None:
                raise HTTPException(401, "Your account is gone; sign in with another one.")
            signature = sign_read(
                session, assignment_id=assignment_id, reader=reader, now=utc_now()
            )
            answer = {
                "signer": signature.signer,
                "meaning": signature.meaning,
                "grades": signature.grades,
                "grades_sha256": signature.grades_sha256,
                "at_utc": format_utc(signature.at_utc),
            }
        return answer_json(answer, 201)

    return router
