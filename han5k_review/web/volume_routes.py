"""CT routes: the index of a volume and its slabs, by assignment and, for leads, by case."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from han5k_review.accounts.may import Action, TaskAct
from han5k_review.store.volume_files import VolumeIndex, decompress_slab
from han5k_review.web.addresses import name_case, name_task
from han5k_review.web.answers import VolumeAnswer
from han5k_review.web.binary import BINARY, answer_binary
from han5k_review.web.bodies import Index, Name, RowId
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, read_case_image, read_task_image
from han5k_review.web.encoding import Encoding, encode

_INDEX = "The index of the CT: its grid, and where its slabs are."
_SLAB = "A slab of the CT: some axial slices, as bytes."
_YEAR_SECONDS = 31_536_000
CACHE_RULES = {
    "immutable": f"private, max-age={_YEAR_SECONDS}, immutable",
    "no-store": "no-store",
}


def build_volume_router(desk: Desk) -> APIRouter:
    """The four CT routes of docs/transport.md."""
    router = APIRouter()

    @router.get(
        "/assignments/{assignment_id}/volume", **described(TaskAct.LOOK, _INDEX, VolumeAnswer)
    )
    def answer_index(request: Request, assignment_id: RowId) -> Response:
        image = read_task_image(desk, request, assignment_id)
        return _index_answer(desk, image, name_task(assignment_id).volume)

    @router.get(
        "/assignments/{assignment_id}/volume/{image}/{number}",
        **described(TaskAct.LOOK, _SLAB, BINARY),
    )
    def answer_slab(request: Request, assignment_id: RowId, image: Name, number: Index) -> Response:
        stored = read_task_image(desk, request, assignment_id)
        return _slab_answer(desk, request, stored, image, number)

    @router.get("/cases/{case_id}/volume", **described(Action.READ_ANY_CASE, _INDEX, VolumeAnswer))
    def answer_case_index(request: Request, case_id: RowId) -> Response:
        return _index_answer(
            desk, read_case_image(desk, request, case_id), name_case(case_id).volume
        )

    @router.get(
        "/cases/{case_id}/volume/{image}/{number}", **described(Action.READ_ANY_CASE, _SLAB, BINARY)
    )
    def answer_case_slab(request: Request, case_id: RowId, image: Name, number: Index) -> Response:
        return _slab_answer(desk, request, read_case_image(desk, request, case_id), image, number)

    return router


def _index_answer(desk: Desk, image: str, url: str) -> Response:
    index = desk.study.volumes.get_index(image)
    return JSONResponse(describe_index(index, url), headers={"Cache-Control": "no-store"})


def describe_index(index: VolumeIndex, url: str) -> dict[str, Any]:
    """An index as docs/transport.md has it; the slabs lie below `url`."""
    return {
        "shape": list(index.grid.shape),
        "spacing_mm": list(index.grid.spacing_mm),
        "affine_ras": [list(row) for row in index.grid.affine_ras],
        "image": index.image_sha256,
        "slab_slices": index.slab_slices,
        "slabs": [
            {
                "first": slab.first,
                "slices": slab.slices,
                "sha256": slab.sha256,
                "url": f"{url}/{index.image_sha256}/{number}",
            }
            for number, slab in enumerate(index.slabs)
        ],
        "oblique": index.grid.is_oblique,
    }


def _slab_answer(desk: Desk, request: Request, stored: str, image: str, number: int) -> Response:
    volumes = desk.study.volumes
    index = volumes.get_index(stored)
    if image != stored or not 0 <= number < len(index.slabs):
        raise HTTPException(404, f"The case's volume has no slab {image[:12]}/{number}.")
    slab = index.slabs[number]

    def build(encoding: Encoding) -> bytes:
        zstd = volumes.get_slab_zstd(stored, number)
        if encoding is Encoding.ZSTD:
            return zstd
        if encoding is Encoding.IDENTITY:
            return decompress_slab(zstd)
        return desk.answers.get_or_build(
            slab.sha256, encoding, lambda: encode(decompress_slab(zstd), encoding)
        )

    return answer_binary(
        request, etag=slab.sha256, cache_control=CACHE_RULES[desk.cache_control], build=build
    )
