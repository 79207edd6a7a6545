"""Dose routes: the planned dose of a case as slabs of whole steps, by assignment and by case.

Who may see the CT may see the dose: it says nothing of where a contour comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from han5k_review.accounts.may import Action, TaskAct
from han5k_review.imaging.dose import build_dose_steps
from han5k_review.imaging.slabs import SLAB_SLICES, Slab, iter_slabs
from han5k_review.store.dose_files import hash_of, read_dose_file
from han5k_review.store.volume_files import SlabEntry, VolumeIndex
from han5k_review.web.addresses import name_case, name_task
from han5k_review.web.answers import DoseAnswer
from han5k_review.web.binary import BINARY, answer_binary
from han5k_review.web.bodies import Index, Name, RowId
from han5k_review.web.described import described
from han5k_review.web.desk import Desk, read_case_image, read_task_image
from han5k_review.web.encoding import encode
from han5k_review.web.volume_routes import CACHE_RULES, describe_index

_INDEX = "The index of the planned dose."
_SLAB = "A slab of the planned dose, as bytes."


@dataclass(frozen=True, slots=True, kw_only=True)
class _CutDose:
    """A dose cut into slabs; the index is that of a volume."""

    index: VolumeIndex
    slabs: tuple[Slab, ...]
    gy_per_step: float
    maximum_gy: float
    prescription_gy: float | None


def build_dose_router(desk: Desk) -> APIRouter:
    """The four dose routes of docs/transport.md."""
    router = APIRouter()

    @router.get("/assignments/{assignment_id}/dose", **described(TaskAct.LOOK, _INDEX, DoseAnswer))
    def answer_index(request: Request, assignment_id: RowId) -> Response:
        image = read_task_image(desk, request, assignment_id)
        return _index_answer(desk, image, name_task(assignment_id).dose)

    @router.get(
        "/assignments/{assignment_id}/dose/{dose}/{number}",
        **described(TaskAct.LOOK, _SLAB, BINARY),
    )
    def answer_slab(request: Request, assignment_id: RowId, dose: Name, number: Index) -> Response:
        image = read_task_image(desk, request, assignment_id)
        return _slab_answer(desk, request, image, dose, number)

    @router.get("/cases/{case_id}/dose", **described(Action.READ_ANY_CASE, _INDEX, DoseAnswer))
    def answer_case_index(request: Request, case_id: RowId) -> Response:
        return _index_answer(desk, read_case_image(desk, request, case_id), name_case(case_id).dose)

    @router.get(
        "/cases/{case_id}/dose/{dose}/{number}", **described(Action.READ_ANY_CASE, _SLAB, BINARY)
    )
    def answer_case_slab(request: Request, case_id: RowId, dose: Name, number: Index) -> Response:
        return _slab_answer(desk, request, read_case_image(desk, request, case_id), dose, number)

    return router


def _index_answer(desk: Desk, image: str, url: str) -> Response:
    path = desk.study.doses.find_newest(image)
    if path is None:
        raise HTTPException(404, "No dose is known for this case.")
    cut = _cut(path)
    answer = {
        **describe_index(cut.index, url),
        "gy_per_step": cut.gy_per_step,
        "maximum_gy": cut.maximum_gy,
        "prescription_gy": cut.prescription_gy,
    }
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _slab_answer(desk: Desk, request: Request, image: str, dose: str, number: int) -> Response:
    path = desk.study.doses.find_dose(image, dose)
    cut = None if path is None else _cut(path)
    if cut is None or not 0 <= number < len(cut.slabs):
        raise HTTPException(404, f"The case's dose has no slab {dose[:12]}/{number}.")
    slab = cut.slabs[number]
    return answer_binary(
        request,
        etag=slab.sha256,
        cache_control=CACHE_RULES[desk.cache_control],
        build=lambda encoding: desk.answers.get_or_build(
            slab.sha256, encoding, lambda: encode(slab.shuffled, encoding)
        ),
    )


@lru_cache(maxsize=4)
def _cut(path: Path) -> _CutDose:
    """A dose file never changes, so the last ones are kept as they are sent."""
    dose = read_dose_file(path)
    found = build_dose_steps(dose)
    slabs = tuple(iter_slabs(found.steps))
    entries = (SlabEntry(first=s.first, slices=s.slices, sha256=s.sha256) for s in slabs)
    return _CutDose(
        index=VolumeIndex(
            image_sha256=hash_of(path),
            grid=dose.grid,
            slab_slices=SLAB_SLICES,
            slabs=tuple(entries),
        ),
        slabs=slabs,
        gy_per_step=found.gy_per_step,
        maximum_gy=float(dose.gy.max()),
        prescription_gy=dose.prescription_gy,
    )
