"""CTs and contours as files for a client of MONAI Label.

"Run" gives the contours under review too, since it is the only way by which its plugin for 3D
Slicer puts contours into a case that it opens. No model runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import APIRouter
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from han5k_review.accounts.may import TaskAct
from han5k_review.exports.case_contours import read_case_contours
from han5k_review.exports.contour_files import (
    Contour,
    build_segmentation,
    place_in_layers,
)
from han5k_review.imaging.flat_masks import flatten_masks
from han5k_review.imaging.nifti_labels import build_label_nifti
from han5k_review.review.labels import list_under_review
from han5k_review.review.reads import list_own
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Assignment, LabelVersion
from han5k_review.study import grid_of
from han5k_review.web.binary import BINARY
from han5k_review.web.bodies import Name
from han5k_review.web.contour_routes import answer_download
from han5k_review.web.described import check_within, described
from han5k_review.web.desk import IDENTITY, get_identity
from han5k_review.web.monailabel.forms import build_form, with_form
from han5k_review.web.monailabel.list_routes import FINAL, ORIGINAL, name_ct
from han5k_review.web.monailabel.tool_desk import (
    FLAT,
    OVERLAPPING,
    PROGRAM,
    OpenRead,
    ToolDesk,
    open_by_ticket,
    open_read,
)

_SEGMENTATION, _LABEL_MAP = ".seg.nrrd", ".nrrd"


def add_files(router: APIRouter, desk: ToolDesk) -> None:
    """`GET /datastore/image` and `/datastore/label`, `POST /infer/<model>`."""
    ct = described(TaskAct.LOOK, "The CT of an own read, as .nii.gz.", BINARY, own=True)
    del ct["dependencies"]  # a signed id needs no sign-in; who comes with one is asked below

    @router.get("/datastore/image", **ct)
    def answer_ct(request: Request, image: Name) -> Response:
        with reading(desk.study.engine) as session:
            found = _open_ct(desk, session, request, image)
            case, reader = found.case, found.reader.name
        volume = desk.study.volumes.get_volume(case.image_sha256)
        content = build_label_nifti(volume.hu, volume.grid)
        _audit(desk, reader, "download CT", case.name, format=".nii.gz")
        return answer_download(content, name_ct(case))

    @router.get(
        "/datastore/label",
        **described(TaskAct.LOOK, "Contours of an own read, as .seg.nrrd.", BINARY, own=True),
    )
    def answer_label(request: Request, label: Name, tag: Name = FINAL) -> Response:
        if tag not in (FINAL, ORIGINAL):
            raise HTTPException(404, f"The tag {FINAL} or {ORIGINAL} was expected, found another.")
        name, contours = _read_contours(desk, request, label, is_own=tag == FINAL)
        content = build_segmentation(contours)
        _audit_contours(desk, request, name, contours, _SEGMENTATION)
        return answer_download(content, f"{name}-contours{_SEGMENTATION}")

    @router.post(
        "/infer/{model}",
        **with_form(
            described(
                TaskAct.LOOK,
                "The contours under review of an own read; no model runs.",
                "multipart/form-data",
                own=True,
                changes=True,
            )
        ),
    )
    def post_infer(request: Request, model: Name, image: Name) -> Response:
        if model not in (FLAT, OVERLAPPING):
            raise HTTPException(404, f"{FLAT} or {OVERLAPPING} was expected, found another model.")
        name, contours = _read_contours(desk, request, image, is_own=False)
        suffix = _SEGMENTATION if model == OVERLAPPING else _LABEL_MAP
        shown = _list_filled(contours) if model == OVERLAPPING else _flatten(contours)
        content = build_segmentation(shown)
        _audit_contours(desk, request, name, shown, suffix)
        values = {name: value for value, name in enumerate(_list_in_order(shown), start=1)}
        body, media_type = build_form({"label_names": values}, f"contours{suffix}", content)
        return Response(body, media_type=media_type, headers={"Cache-Control": "no-store"})


def _open_ct(desk: ToolDesk, session: Session, request: Request, image: str) -> OpenRead:
    """The read of an image id: of whoever is signed in, else by the id alone while it opens."""
    found = desk.ids.find(image)
    if IDENTITY in request.scope:
        check_within(request, TaskAct.LOOK)
        return open_read(session, desk.get_id(image).assignment_id, get_identity(request))
    if found is None or not found.opens_ct(utc_now()):
        raise HTTPException(
            401,
            "A token, or the id of a case that was opened just now, was expected; open it anew.",
        )
    return open_by_ticket(session, found.assignment_id)


def _read_contours(
    desk: ToolDesk, request: Request, image: str, *, is_own: bool
) -> tuple[str, list[Contour]]:
    """Case name and contours of an own read; 404 where it has none. No maker is told."""
    with reading(desk.study.engine) as session:
        found = open_read(session, desk.get_id(image).assignment_id, get_identity(request))
        versions = _list_versions(session, found.assignment, is_own=is_own)
        if not versions:
            raise HTTPException(
                404, f"{found.case.name}: contours of this kind were expected, found none."
            )
        grid = grid_of(found.case)
        contours = read_case_contours(session, desk.study, grid, versions, blinded=True)
        return found.case.name, contours


def _list_versions(
    session: Session, assignment: Assignment, *, is_own: bool
) -> Mapping[str, LabelVersion]:
    if is_own:
        return list_own(session, assignment)
    return list_under_review(session, assignment.case_id)


def _list_filled(contours: Sequence[Contour]) -> list[Contour]:
    """Those with a voxel; 404 where there is none."""
    filled = [one for one in contours if not one.mask.is_empty]
    if not filled:
        raise HTTPException(404, "A contour with a voxel was expected, all of this case are empty.")
    return filled


def _flatten(contours: Sequence[Contour]) -> list[Contour]:
    """Those with a voxel, without overlaps."""
    flat = flatten_masks({one.structure: one.mask for one in _list_filled(contours)})
    return [replace(one, mask=flat[one.structure]) for one in contours if one.structure in flat]


def _list_in_order(contours: Sequence[Contour]) -> list[str]:
    """Structures as the plugin names what it reads as a label map.

    It takes the values that occur, in their order, and knows the first layer only: so that comes
    first, and nothing that is empty.
    """
    places = place_in_layers([one.mask for one in contours])
    ordered = sorted(zip(places, contours, strict=True), key=lambda pair: pair[0])
    return [one.structure for _, one in ordered]


def _audit_contours(
    desk: ToolDesk, request: Request, case: str, contours: Sequence[Contour], suffix: str
) -> None:
    structures = [one.structure for one in contours]
    actor = get_identity(request).name
    _audit(desk, actor, "download contours", case, format=suffix, structures=structures)


def _audit(desk: ToolDesk, actor: str, action: str, case: str, **detail: object) -> None:
    with transaction(desk.study.engine) as session:
        add_audit(
            session,
            at_utc=utc_now(),
            actor=actor,
            action=action,
            subject=case,
            program=PROGRAM,
            **detail,
        )
