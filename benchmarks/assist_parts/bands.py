"""Coverage of edit bands on held-out patients of OpenKBP (Babier et al., Med Phys 48:5549, 2021).

The contours under review are made: a clinical contour, spoiled as the loop's parent is, its border
moved by a smooth random field whose height differs from patient to patient. The revision is the
clinical contour. In each round the patients of `openkbp` and its pool are split at random, and the
errors drawn anew: margins come from one half, coverage from the other. One split alone scatters by
5 points. The voxels of 4 to 5 mm are halved in the plane: in whole steps of them many distances are
equal, and a margin among equal ones covers more than it promises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.loop_parts.data import ORGANS, list_patients, read_clinical, spoil
from benchmarks.loop_parts.spread import measure_depth, redraw
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure_pair
from han5k_review.review.edit_bands import COVERAGE
from han5k_review.statistics.conformal import find_bound

_ROOM_MM = 20.0
MIDDLE_MM, SPREAD = 2.0, 0.5
"""Height of the field: log-normal, its median and the standard deviation of its logarithm."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One structure over all rounds."""

    structure: str
    revisions: int
    margin_mm: float
    judged: int
    within: int

    @property
    def share(self) -> float:
        return self.within / self.judged


@dataclass(frozen=True, kw_only=True)
class _Organ:
    """A contour of one patient as it should be, and as it is before its border is moved."""

    clinical: StructureMask
    spoiled: StructureMask


def measure_bands(shared: Path, rounds: int) -> list[Row]:
    """Margins and coverage of every organ, after so many rounds."""
    folders = [shared / name for name in ("openkbp", "openkbp-pool")]
    patients = [_read(folder, number) for folder in folders for number in list_patients(folder)]
    if not patients:
        raise SystemExit(f"OpenKBP patients were expected in {shared}; set HAN5K_SHARED_DATA.")
    found: dict[str, list[tuple[int, float, int, int]]] = {}
    for number in range(rounds):
        random = np.random.default_rng(number)
        order = random.permutation(len(patients))
        half = (len(patients) + 1) // 2
        first, second = ([patients[n] for n in part] for part in (order[:half], order[half:]))
        for name in ORGANS:
            found.setdefault(name, []).append(_measure(name, first, second, random))
    return [
        Row(
            structure=name,
            revisions=round(median(one[0] for one in rows)),
            margin_mm=median(one[1] for one in rows),
            judged=sum(one[2] for one in rows),
            within=sum(one[3] for one in rows),
        )
        for name, rows in found.items()
    ]


def _measure(
    name: str,
    calibration: Sequence[Mapping[str, _Organ]],
    held_out: Sequence[Mapping[str, _Organ]],
    random: np.random.Generator,
) -> tuple[int, float, int, int]:
    """How many gave the margin, the margin in mm, how many were judged by it and were within."""
    known = list(_score(calibration, name, random))
    later = list(_score(held_out, name, random))
    margin_mm = find_bound(known, COVERAGE)
    if margin_mm is None:
        raise SystemExit(f"{name}: too few patients for a margin, {len(known)}.")
    return len(known), margin_mm, len(later), sum(score <= margin_mm for score in later)


def _score(
    patients: Sequence[Mapping[str, _Organ]], name: str, random: np.random.Generator
) -> Iterator[float]:
    """HD95 of each revision, as the product measures it."""
    for organ in (one[name] for one in patients if name in one):
        height_mm = MIDDLE_MM * float(np.exp(SPREAD * random.standard_normal()))
        drawn = redraw(organ.spoiled, height_mm, int(random.integers(2**31)))
        yield measure_pair(organ.clinical, drawn, drawn.grid.spacing_mm).hd95_mm


def _read(folder: Path, number: str) -> dict[str, _Organ]:
    image = read_clinical(folder, number)
    values = np.asarray(image.dataobj).astype(np.uint8)
    sizes = nib.affines.voxel_sizes(image.affine)
    spacing = (float(sizes[0]), float(sizes[1]), float(sizes[2]))
    changed = spoil(values, spacing)
    organs = ((name, values == value, changed == value) for name, value in ORGANS.items())
    return {
        name: _refine(clinical, spoiled, spacing)
        for name, clinical, spoiled in organs
        if clinical.any() and spoiled.any()
    }


def _refine(
    clinical: NDArray[np.bool_], spoiled: NDArray[np.bool_], spacing: tuple[float, float, float]
) -> _Organ:
    """Both in a box with room around them, on half the voxels in the plane."""
    [both] = ndimage.find_objects((clinical | spoiled).astype(np.uint8))
    room = [int(np.ceil(_ROOM_MM / s)) for s in spacing]
    box = tuple(
        slice(max(0, part.start - r), part.stop + r) for part, r in zip(both, room, strict=True)
    )
    fine = (spacing[0] / 2, spacing[1] / 2, spacing[2])
    masks = []
    for mask in (clinical, spoiled):
        depth = measure_depth(mask[box], spacing)
        inside = ndimage.zoom(depth, (2, 2, 1), order=1, mode="nearest", grid_mode=True) > 0
        grid = Grid.from_affine(inside.shape, np.diag([-fine[0], -fine[1], fine[2], 1.0]))
        masks.append(StructureMask.from_dense(inside, grid))
    return _Organ(clinical=masks[0], spoiled=masks[1])
