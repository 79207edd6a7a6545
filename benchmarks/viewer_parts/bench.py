"""The one case everybody shows: 512 x 512 x 160, 50 structures, as 24 assignments."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.viewer import LabelSet, NextCase
from han5k_review.web.addresses import CaseRoutes, name_task
from rigs.viewer_cases import lps_grid, patient_case
from rigs.viewer_desk import Desk, DeskCase

SLICES = 160
CASES = 24


@cache
def desk() -> Desk:
    """The synthetic patient with its slices spread over 160, once per assignment 1 .. 24."""
    built = patient_case(3)
    places = np.linspace(0, built.ct.hu.shape[2] - 1, SLICES)
    spread = np.round(places).astype(int)
    hu = np.stack([_between(built.ct.hu, place) for place in places], axis=2)
    grid = lps_grid((512, 512, SLICES), (0.977, 0.977, 2.0))
    masks = {
        key: {n: StructureMask.from_dense(m.dense()[:, :, spread], grid) for n, m in group.items()}
        for key, group in built.masks.items()
    }
    first = DeskCase(payload=built.payload, ct=CtVolume(grid=grid, hu=hu), masks=masks)
    return Desk(cases={number: _as_assignment(first, number) for number in range(1, CASES + 1)})


def _between(hu: NDArray[np.int16], place: float) -> NDArray[np.int16]:
    """The slice at a fractional index: no two are alike, so that no peer sends nothing."""
    low = min(int(place), hu.shape[2] - 2)
    share = place - low
    mixed = (1 - share) * hu[:, :, low] + share * hu[:, :, low + 1]
    return np.round(mixed).astype(np.int16)


def _as_assignment(case: DeskCase, number: int) -> DeskCase:
    routes = name_task(number)
    following = None
    if number < CASES:
        following = NextCase(
            assignment=number + 1,
            volume=name_task(number + 1).volume,
            label_sets=_label_sets(case, name_task(number + 1)),
        )
    payload = replace(
        case.payload,
        assignment=number,
        case=f"HN-{number:03d}",
        addresses=replace(
            case.payload.addresses,
            volume=routes.volume,
            label_sets=routes.label_sets,
            grades=routes.grades,
            position=routes.position,
            drafts=routes.drafts,
        ),
        label_sets=_label_sets(case, routes),
        next=following,
    )
    other = object.__new__(DeskCase)
    for name in ("ct", "masks", "slabs", "packed"):
        setattr(other, name, getattr(case, name))
    other.payload = payload
    return other


def _label_sets(case: DeskCase, routes: CaseRoutes) -> tuple[LabelSet, ...]:
    return tuple(replace(one, url=routes.masks(one.key)) for one in case.payload.label_sets)


def hu_slice(k: int) -> NDArray[np.int16]:
    """HU of one axial slice, (row, column)."""
    return np.ascontiguousarray(desk().cases[1].ct.hu[:, :, k].T)


def grey_slice(k: int) -> NDArray[np.uint8]:
    """The slice through the soft-tissue window 35 / 350."""
    grey = (hu_slice(k).astype(np.float32) - (35 - 175)) / 350 * 255
    return grey.clip(0, 255).astype(np.uint8)
