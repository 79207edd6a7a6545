"""Draft routes: a reader's unfinished corrections, stroke by stroke (docs/transport.md, Drafts)."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct, may
from han5k_review.exports.contour_files import Contour, build_nifti
from han5k_review.imaging.mask import StructureMask
from han5k_review.review.decisions.locking import list_locks
from han5k_review.review.drafts.journal import is_unchanged, list_last_patches, replay
from han5k_review.review.drafts.opening import (
    OpenRequest,
    discard_draft,
    get_draft,
    get_open_draft,
    keep_lease,
    list_drafts,
    open_draft,
)
from han5k_review.review.drafts.patches import describe_patch
from han5k_review.review.drawing import is_manual
from han5k_review.review.row_numbers import RowKind
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.draft_tables import Draft, StructureLock
from han5k_review.store.engine import transaction
from han5k_review.store.identity import stored_id
from han5k_review.study import grid_of
from han5k_review.web.answers import DraftAnswer, DraftsAnswer, PatchesAnswer
from han5k_review.web.binary import BINARY, answer_binary
from han5k_review.web.bodies import Name, RowId, bounded
from han5k_review.web.contour_routes import answer_download
from han5k_review.web.described import described
from han5k_review.web.desk import get_identity
from han5k_review.web.draft_answers import (
    HOLDER_HEADER,
    DraftRoute,
    answer_json,
    describe_draft,
    describe_lock,
)
from han5k_review.web.draft_bodies import (
    DiscardBody,
    LeaseBody,
    OpenBody,
)
from han5k_review.web.draft_patching import add_patching
from han5k_review.web.draft_room import DraftRoom, Visitor
from han5k_review.web.draft_submission import add_submitting
from han5k_review.web.encoding import encode
from han5k_review.web.mask_packet import PacketMask, build_packet

_DRAFTS = "/assignments/{assignment_id}/drafts"
_DRAFT = _DRAFTS + "/{structure}"


def build_draft_router(room: DraftRoom) -> APIRouter:
    """The routes of docs/transport.md, Drafts."""
    router = APIRouter(route_class=DraftRoute)
    _add_reading(router, room)
    _add_opening(router, room)
    add_patching(router, room)
    add_submitting(router, room)
    return router


def _add_reading(router: APIRouter, room: DraftRoom) -> None:
    @router.get(
        _DRAFTS,
        **described(Action.GRADE, "The drafts of an own read, and its locks.", DraftsAnswer),
    )
    def answer_drafts(request: Request, assignment_id: RowId) -> Response:
        with room.look(get_identity(request), assignment_id) as visitor:
            drafts = list_drafts(visitor.session, assignment_id)
            answer = {
                "drafts": [_state(visitor, draft, request) for draft in drafts],
                "locks": [
                    describe_lock(lock, visitor.numbers, blinded=visitor.assignment.blinded)
                    for lock in _list_locks(visitor)
                ],
                "lease_seconds": room.rules.lease_seconds,
            }
        return answer_json(answer)

    @router.get(_DRAFT, **described(Action.GRADE, "A draft.", DraftAnswer))
    def answer_draft(request: Request, assignment_id: RowId, structure: Name) -> Response:
        with room.look(get_identity(request), assignment_id) as visitor:
            draft = get_draft(visitor.session, assignment_id, structure)
            answer = _state(visitor, draft, request)
        return answer_json(answer)

    @router.get(
        _DRAFT + "/mask",
        **described(Action.GRADE, "The mask of a draft, as an HMSK packet.", BINARY),
    )
    def answer_mask(request: Request, assignment_id: RowId, structure: Name) -> Response:
        with room.look(get_identity(request), assignment_id) as visitor:
            draft = get_draft(visitor.session, assignment_id, structure)
            mask = _read_mask(room, visitor, draft)
            number, version = visitor.numbers.show(RowKind.DRAFT, draft.id), draft.version
            base = visitor.numbers.show(RowKind.LABEL_VERSION, draft.base_label_version_id)
        item = PacketMask(structure=structure, label_version=base, mask=mask)
        packet = build_packet([item], draft=number, version=version)
        return answer_binary(
            request,
            etag=hashlib.sha256(f"draft {number} {version} {mask.sha256}".encode()).hexdigest(),
            cache_control="private, no-cache",
            build=lambda encoding: encode(packet, encoding),
        )

    @router.get(
        _DRAFT + "/patches",
        **described(Action.GRADE, "The newest strokes of a draft.", PatchesAnswer),
    )
    def answer_patches(request: Request, assignment_id: RowId, structure: Name) -> Response:
        with room.look(get_identity(request), assignment_id) as visitor:
            draft = get_draft(visitor.session, assignment_id, structure)
            rows = list_last_patches(visitor.session, draft)
            answer = {
                "draft": visitor.numbers.show(RowKind.DRAFT, draft.id),
                "version": draft.version,
                "patches": [describe_patch(row) for row in rows],
            }
        return answer_json(answer)

    @router.get(
        _DRAFT + "/contour.nii.gz",
        **described(Action.GRADE, "The mask of a draft as a NIfTI.", BINARY),
    )
    def answer_file(request: Request, assignment_id: RowId, structure: Name) -> Response:
        identity = get_identity(request)
        with room.look(identity, assignment_id) as visitor:
            draft = get_draft(visitor.session, assignment_id, structure)
            mask = _read_mask(room, visitor, draft)
            case = visitor.case.name
        with transaction(room.study.engine) as session:
            add_audit(
                session,
                at_utc=utc_now(),
                actor=identity.name,
                action="download contours",
                subject=case,
                format=".nii.gz",
                structures=[structure],
                draft=draft.id,
            )
        contour = Contour(structure=structure, mask=mask)
        return answer_download(build_nifti(contour), f"{case}-{structure}-draft.nii.gz")


def _list_locks(visitor: Visitor) -> list[StructureLock]:
    """Locks of the case; none stops who draws from nothing, since that changes no label."""
    if is_manual(visitor.session, stored_id(visitor.assignment)):
        return []
    return list(list_locks(visitor.session, [visitor.assignment.case_id]).values())


def _read_mask(room: DraftRoom, visitor: Visitor, draft: Draft) -> StructureMask:
    grid = grid_of(visitor.case)
    draft_mask = replay(visitor.session, room.study.labels, room.shelf, draft, grid)
    mask = draft_mask.to_mask()
    room.shelf.put(stored_id(draft), draft_mask)
    return mask


def _add_opening(router: APIRouter, room: DraftRoom) -> None:
    @router.post(
        _DRAFT,
        **described(
            TaskAct.CHANGE,
            "Open, resume or take over a draft.",
            DraftAnswer,
            status=201,
            repeats=True,
            changes=True,
        ),
    )
    def post_open(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[OpenBody, Depends(bounded(OpenBody, Action.GRADE))],
    ) -> Response:
        identity = get_identity(request)
        with room.change(identity, assignment_id) as visitor:
            draft, is_new = open_draft(
                visitor.session,
                assignment=visitor.assignment,
                reader=visitor.reader,
                request=OpenRequest(
                    structure=structure,
                    holder=body.holder,
                    take_over=body.take_over,
                    base_id=None
                    if body.base is None
                    else visitor.numbers.find(RowKind.LABEL_VERSION, body.base),
                ),
                may_edit_any=may(identity, Action.ADJUDICATE),
                rules=room.rules,
                now=utc_now(),
            )
            answer = _describe(visitor, draft, body.holder)
        return answer_json(answer, 201 if is_new else 200)

    @router.post(
        _DRAFT + "/lease",
        **described(TaskAct.CHANGE, "Keep a draft, or give it back.", DraftAnswer, changes=True),
    )
    def post_lease(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[LeaseBody, Depends(bounded(LeaseBody, Action.GRADE))],
    ) -> Response:
        with room.change(get_identity(request), assignment_id) as visitor:
            draft = _get_open(visitor, structure, body.draft)
            if body.release and _is_unchanged(room, visitor, draft):
                discard_draft(
                    visitor.session, draft, holder=body.holder, reader=visitor.reader, now=utc_now()
                )
            else:
                _keep_lease(room, visitor, draft, body)
            answer = _describe(visitor, draft, body.holder)
        return answer_json(answer)

    @router.delete(
        _DRAFT, **described(TaskAct.CHANGE, "Discard a draft.", None, status=204, changes=True)
    )
    def delete_draft(
        request: Request,
        assignment_id: RowId,
        structure: Name,
        body: Annotated[DiscardBody, Depends(bounded(DiscardBody, Action.GRADE))],
    ) -> Response:
        with room.change(get_identity(request), assignment_id) as visitor:
            draft = _get_open(visitor, structure, body.draft)
            discard_draft(
                visitor.session, draft, holder=body.holder, reader=visitor.reader, now=utc_now()
            )
        return Response(status_code=204)


def _is_unchanged(room: DraftRoom, visitor: Visitor, draft: Draft) -> bool:
    grid = grid_of(visitor.case)
    return is_unchanged(visitor.session, room.study.labels, room.shelf, draft, grid)


def _keep_lease(room: DraftRoom, visitor: Visitor, draft: Draft, body: LeaseBody) -> None:
    keep_lease(
        visitor.session,
        draft,
        holder=body.holder,
        release=body.release,
        closing=body.closing,
        place=None if body.place is None else body.place.to_stored(),
        rules=room.rules,
        now=utc_now(),
    )


def _state(visitor: Visitor, draft: Draft, request: Request) -> dict[str, Any]:
    return _describe(visitor, draft, request.headers.get(HOLDER_HEADER))


def _describe(visitor: Visitor, draft: Draft, holder: str | None) -> dict[str, Any]:
    return describe_draft(visitor.session, draft, visitor.numbers, holder=holder, now=utc_now())


def _get_open(visitor: Visitor, structure: str, number: int) -> Draft:
    """The draft that a body names, which must be the open one of the structure."""
    draft_id = visitor.numbers.find(RowKind.DRAFT, number)
    return get_open_draft(visitor.session, visitor.assignment, structure, draft_id)
