"""Mask routes: all contours of one label set in one packet, by assignment and by case."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from fastapi import APIRouter
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import Action, TaskAct
from han5k_review.imaging.grid import Grid
from han5k_review.review.label_sets import Viewpoint, find_label_set, view_case, view_task
from han5k_review.review.row_numbers import WHOLE_CASE, RowKind, RowNumbers, number_task
from han5k_review.store.engine import reading
from han5k_review.store.identity import stored_id
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.tables import Case
from han5k_review.study import grid_of
from han5k_review.web.binary import BINARY, answer_binary
from han5k_review.web.bodies import Name, RowId
from han5k_review.web.described import described
from han5k_review.web.desk import (
    Desk,
    get_identity,
    get_readable_assignment,
    get_readable_case,
)
from han5k_review.web.encoding import Encoding, encode
from han5k_review.web.mask_packet import PacketMask, build_packet

_SAYS = "All contours of a set, as one HMSK packet."
# structure, number of its label version, mask hash
Contour = tuple[str, int, str]


def build_mask_router(desk: Desk) -> APIRouter:
    """The two mask routes of docs/transport.md."""
    router = APIRouter()

    @router.get(
        "/assignments/{assignment_id}/masks/{key}", **described(TaskAct.LOOK, _SAYS, BINARY)
    )
    def answer_masks(request: Request, assignment_id: RowId, key: Name) -> Response:
        with reading(desk.study.engine) as session:
            assignment, case = get_readable_assignment(
                session, assignment_id, get_identity(request)
            )
            contours = _list_contours(
                session,
                case,
                key,
                view_task(assignment),
                number_task(desk.study.root, assignment_id),
            )
            grid = grid_of(case)
        return _masks_answer(desk, request, grid, contours)

    @router.get("/cases/{case_id}/masks/{key}", **described(Action.READ_ANY_CASE, _SAYS, BINARY))
    def answer_case_masks(request: Request, case_id: RowId, key: Name) -> Response:
        with reading(desk.study.engine) as session:
            case = get_readable_case(session, case_id, get_identity(request))
            contours = _list_contours(session, case, key, view_case(), WHOLE_CASE)
            grid = grid_of(case)
        return _masks_answer(desk, request, grid, contours)

    return router


def _list_contours(
    session: Session, case: Case, key: str, viewpoint: Viewpoint, numbers: RowNumbers
) -> list[Contour]:
    """By name, so that their order doesn't tell which came first."""
    found = find_label_set(session, stored_id(case), key, viewpoint)
    if found is None:
        raise HTTPException(404, f"There are no contours under the key {key[:16]!r} here.")
    return [
        (structure, numbers.show(RowKind.LABEL_VERSION, version.id), version.mask_sha256)
        for structure, version in sorted(found.versions.items())
    ]


def _masks_answer(
    desk: Desk, request: Request, grid: Grid, contours: Sequence[Contour]
) -> Response:
    digest = hashlib.sha256(repr((grid, contours)).encode()).hexdigest()

    def build(encoding: Encoding) -> bytes:
        return desk.answers.get_or_build(
            digest,
            encoding,
            lambda: encode(_read_packet(desk.study.labels, grid, contours), encoding),
        )

    # The set changes when a contour is revised, so the browser asks each time (and hears 304).
    rule = "private, no-cache" if desk.cache_control == "immutable" else "no-store"
    return answer_binary(request, etag=digest, cache_control=rule, build=build)


def _read_packet(labels: LabelFiles, grid: Grid, contours: Sequence[Contour]) -> bytes:
    return build_packet(
        [
            PacketMask(
                structure=structure,
                label_version=number,
                mask=labels.get_mask(sha256, grid),
            )
            for structure, number, sha256 in contours
        ]
    )
