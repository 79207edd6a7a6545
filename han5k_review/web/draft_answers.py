"""What the server answers about drafts, and how a refusal looks (docs/transport.md, Drafts)."""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from fastapi.routing import APIRoute
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from han5k_review.review.drafts.leases import OTHER_TAB, describe_lease, is_leased
from han5k_review.review.drafts.opening import is_outdated
from han5k_review.review.edit_check import EditCheck
from han5k_review.review.edit_rules import EditRules
from han5k_review.review.refusals import DraftError, Reason
from han5k_review.review.row_numbers import RowKind, RowNumbers
from han5k_review.store.columns import format_utc
from han5k_review.store.draft_tables import Draft, DraftSubmission, StructureLock
from han5k_review.store.tables import Revision

HOLDER_HEADER = "draft-holder"
_STATUS = {
    Reason.NOT_UNDER_REVIEW: 422,
    Reason.OUTSIDE: 422,
    Reason.BAD_PATCH: 422,
    Reason.UNCHANGED: 422,
    Reason.NO_DRAFT: 404,
}
_CONFLICT = 409


class DraftRoute(APIRoute):
    """A route whose refusals carry their reason and what the browser needs to go on."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with the refusals of drafts answered."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except DraftError as error:
                return answer_json(
                    {"error": str(error), "reason": error.reason.value, **error.detail},
                    _STATUS.get(error.reason, _CONFLICT),
                )

        return answer


def answer_json(content: dict[str, Any], status: int = 200) -> JSONResponse:
    """JSON that no cache keeps."""
    return JSONResponse(content, status_code=status, headers={"Cache-Control": "no-store"})


def describe_draft(
    session: Session, draft: Draft, numbers: RowNumbers, *, holder: str | None, now: datetime
) -> dict[str, Any]:
    """The `<state>` of the contract, in the numbers of the draft's task."""
    is_mine = holder is not None and draft.lease_holder == holder
    other = OTHER_TAB if is_leased(draft, now) and not is_mine else None
    return {
        "draft": numbers.show(RowKind.DRAFT, draft.id),
        "structure": draft.structure,
        "base_label_version": numbers.show(RowKind.LABEL_VERSION, draft.base_label_version_id),
        "version": draft.version,
        "voxels": draft.voxels,
        "place": draft.place,
        "active_seconds": draft.active_seconds,
        "opened_at_utc": format_utc(draft.opened_at_utc),
        "changed_at_utc": format_utc(draft.changed_at_utc),
        "outdated": is_outdated(session, draft),
        "lease": {"mine": is_mine, **describe_lease(draft, other)},
    }


def describe_check(check: EditCheck, rules: EditRules) -> dict[str, Any]:
    """The grade-edit check; what is undefined or infinite is null."""
    return {
        "vrd": _finite(check.measure.vrd),
        "apl_mm": _finite(check.measure.apl_mm),
        "slices_edited": check.measure.slices_edited,
        "declared": None if check.declared is None else check.declared.value,
        "suggested": [level.value for level in check.suggested],
        "question": check.question,
        "thresholds": rules.status,
    }


def describe_submission(
    submission: DraftSubmission, revision: Revision, numbers: RowNumbers
) -> dict[str, Any]:
    """A revision that came from a draft; the same however often it is asked for."""
    level = submission.declared_level
    return {
        "label_version": numbers.show(RowKind.LABEL_VERSION, revision.label_version_id),
        "vrd": _finite(revision.vrd),
        "apl_mm": _finite(revision.apl_mm),
        "slices_edited": submission.slices_edited,
        "active_seconds": revision.active_seconds,
        "declared": None if level is None else level.value,
        "suggested": list(submission.suggested_levels),
        "question": submission.question,
        "confirmed": submission.confirmed,
        "submitted_at_utc": format_utc(submission.submitted_at_utc),
    }


def describe_lock(lock: StructureLock, numbers: RowNumbers, *, blinded: bool) -> dict[str, Any]:
    """One lock or unlocking; a blinded reader does not learn of which contour, when, nor why."""
    return {
        "structure": lock.structure,
        "locked": lock.locked,
        "label_version": None
        if blinded or lock.label_version_id is None
        else numbers.show(RowKind.LABEL_VERSION, lock.label_version_id),
        "reason": None if blinded else lock.reason,
        "at_utc": None if blinded else format_utc(lock.at_utc),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
