"""Draft routes: strokes, journalled in order (docs/transport.md, Patches)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct
from han5k_review.review.drafts.patches import describe_rows
from han5k_review.review.row_numbers import RowKind, number_task
from han5k_review.store.columns import format_utc
from han5k_review.store.identity import stored_id
from han5k_review.web.answers import ReceiptAnswer
from han5k_review.web.bodies import Name, RowId, bounded
from han5k_review.web.described import described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import answer_json
from han5k_review.web.draft_bodies import PatchesBody
from han5k_review.web.draft_room import DraftRoom


def add_patching(router: APIRouter, room: DraftRoom) -> None:
    """Add `POST <draft>/patches`."""

    @router.post(
        "/assignments/{assignment_id}/drafts/{structure}/patches",
        **described(TaskAct.CHANGE, "Draw strokes.", ReceiptAnswer, changes=True),
    )
    def post_patches(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[PatchesBody, Depends(bounded(PatchesBody, Action.GRADE))],
    ) -> Response:
        numbers = number_task(room.study.root, assignment_id)
        receipt, draft_mask = room.append(
            get_identity(request), assignment_id, structure, body.to_batch(numbers)
        )
        draft = receipt.draft
        until = draft.lease_until_utc
        answer = answer_json(
            {
                "draft": numbers.show(RowKind.DRAFT, draft.id),
                "version": draft.version,
                "voxels": draft.voxels,
                "lease_until_utc": None if until is None else format_utc(until),
                "patches": list(describe_rows(receipt.rows)),
            }
        )
        if draft_mask is not None:
            answer.background = BackgroundTask(room.keep_snapshot, stored_id(draft), draft_mask)
        return answer
