"""Contour routes: the structures of a case as files for other tools (docs/transport.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from han5k_review.accounts.identity import ReaderIdentity
from han5k_review.accounts.may import Action, TaskAct
from han5k_review.errors import RuleError
from han5k_review.exports.case_contours import read_case_contours
from han5k_review.exports.contour_files import (
    Contour,
    build_nifti,
    build_segmentation,
    stream_nifti_archive,
)
from han5k_review.exports.dicom_files import DicomForm, build_dicom_file
from han5k_review.exports.frame_csv import build_frame_csv
from han5k_review.exports.round_trips import build_round_trip_frame
from han5k_review.review.label_sets import Viewpoint, find_label_set, view_case, view_task
from han5k_review.store.audit import add_audit
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.identity import stored_id
from han5k_review.store.study import Study
from han5k_review.store.tables import Case
from han5k_review.study import grid_of
from han5k_review.web.binary import BINARY
from han5k_review.web.bodies import Name, RowId
from han5k_review.web.described import described
from han5k_review.web.desk import (
    Desk,
    get_identity,
    get_readable_assignment,
    get_readable_case,
)

_SAYS = "Contours of a set as a file: .seg.nrrd, .nii.gz, .zip, .dcm, ..."
_Names = Annotated[list[Name] | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _CaseFacts:
    """What a file says of its case."""

    name: str
    patient: str
    image_sha256: str

    @classmethod
    def of(cls, case: Case, alias: str | None = None) -> _CaseFacts:
        """`alias` is the name by which a reader of a protocol knows the case and its patient."""
        name, patient = alias or case.name, alias or case.patient
        return cls(name=name, patient=patient, image_sha256=case.image_sha256)


def _build_single(contours: Sequence[Contour], _case: _CaseFacts) -> bytes:
    if len(contours) != 1:
        raise RuleError(
            f"One structure was expected for a .nii.gz, found {len(contours)}; structures overlap: "
            "take .zip or .seg.nrrd for several."
        )
    return build_nifti(contours[0])


def _build_dicom(
    form: DicomForm, contours: Sequence[Contour], case: _CaseFacts, *, report: bool = False
) -> bytes:
    file = build_dicom_file(contours, form, patient=case.patient, image_sha256=case.image_sha256)
    return build_frame_csv(build_round_trip_frame(file.round_trips)) if report else file.content


# Longer suffixes first: a name is taken by the first that it ends in.
_DICOM_SUFFIXES = {
    ".keyholes.dcm": DicomForm.KEYHOLES,
    ".seg.dcm": DicomForm.SEGMENTATION,
    ".dcm": DicomForm.STRUCTURE_SET,
}
_FORMATS: Mapping[str, Callable[[Sequence[Contour], _CaseFacts], bytes | Iterator[bytes]]] = {
    ".nii.gz": _build_single,
    ".zip": lambda contours, _case: stream_nifti_archive(contours),
    ".seg.nrrd": lambda contours, _case: build_segmentation(contours),
    **{suffix: partial(_build_dicom, form) for suffix, form in _DICOM_SUFFIXES.items()},
    **{
        f"{suffix}.csv": partial(_build_dicom, form, report=True)
        for suffix, form in _DICOM_SUFFIXES.items()
    },
}


def build_contour_router(desk: Desk) -> APIRouter:
    """`GET .../contours/<key>` and a suffix of `_FORMATS`, by assignment and by case.

    `.dcm` is an RTSTRUCT, `.keyholes.dcm` one without holes, `.seg.dcm` a SEG; `.csv` after it asks
    for the report of its round trip instead.
    """
    router = APIRouter()

    @router.get(
        "/assignments/{assignment_id}/contours/{name}", **described(TaskAct.LOOK, _SAYS, BINARY)
    )
    def answer_contours(
        request: Request, assignment_id: RowId, name: Name, structure: _Names = None
    ) -> Response:
        identity = get_identity(request)
        with reading(desk.study.engine) as session:
            assignment, case = get_readable_assignment(session, assignment_id, identity)
            contours = _read_contours(
                desk.study, session, case, name, structure, view_task(assignment)
            )
            facts = _CaseFacts.of(case, assignment.alias)
        return _answer(desk.study, identity, facts, name, contours)

    @router.get(
        "/cases/{case_id}/contours/{name}", **described(Action.READ_ANY_CASE, _SAYS, BINARY)
    )
    def answer_case_contours(
        request: Request, case_id: RowId, name: Name, structure: _Names = None
    ) -> Response:
        identity = get_identity(request)
        with reading(desk.study.engine) as session:
            case = get_readable_case(session, case_id, identity)
            contours = _read_contours(desk.study, session, case, name, structure, view_case())
            facts = _CaseFacts.of(case)
        return _answer(desk.study, identity, facts, name, contours)

    return router


def _split(name: str) -> tuple[str, str]:
    """(key of the label set, suffix); 404 for anything else."""
    for suffix in _FORMATS:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    raise HTTPException(404, f"A file ending in {', '.join(_FORMATS)} was expected, found another.")


def _read_contours(
    study: Study,
    session: Session,
    case: Case,
    name: str,
    wanted: list[str] | None,
    viewpoint: Viewpoint,
) -> list[Contour]:
    key, _ = _split(name)
    found = find_label_set(session, stored_id(case), key, viewpoint)
    if found is None:
        raise HTTPException(404, f"There are no contours under the key {key[:16]!r} here.")
    missing = [one for one in wanted or () if one not in found.versions]
    if missing:
        raise HTTPException(404, f"There is no contour of {', '.join(missing)[:200]} here.")
    versions = {n: v for n, v in found.versions.items() if not wanted or n in wanted}
    return read_case_contours(session, study, grid_of(case), versions, blinded=viewpoint.blinded)


def _answer(
    study: Study, identity: ReaderIdentity, case: _CaseFacts, name: str, contours: list[Contour]
) -> Response:
    _, suffix = _split(name)
    content = _FORMATS[suffix](contours, case)
    with transaction(study.engine) as session:
        add_audit(
            session,
            at_utc=utc_now(),
            actor=identity.name,
            action="download contours",
            subject=case.name,
            format=suffix,
            structures=[contour.structure for contour in contours],
        )
    middle = contours[0].structure if len(contours) == 1 else "contours"
    count = len(contours) + 1 if suffix == ".zip" else None  # the README is a file too
    return answer_download(content, f"{case.name}-{middle}{suffix}", files=count)


def as_file_name(name: str) -> str:
    """The name with `_` for characters that file systems and headers quarrel about."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)


def answer_download(
    content: bytes | Iterator[bytes], file_name: str, *, files: int | None = None
) -> Response:
    """A file that no cache keeps; characters that file systems quarrel about become `_`.

    Pieces are sent as they are made; `files`, how many an archive will have, goes ahead of them, so
    that the page can say how far it is.
    """
    headers = {
        "Content-Disposition": f'attachment; filename="{as_file_name(file_name)}"',
        "Cache-Control": "no-store",
    }
    if files is not None:
        headers["Han5k-Files"] = str(files)
    if isinstance(content, bytes):
        return Response(content, media_type=BINARY, headers=headers)
    return StreamingResponse(content, media_type=BINARY, headers=headers)
