"""How far two people differ, and a second contour that differs so from a given one.

Measured on two patients whom an oncologist and a radiographer contoured (`../shared/data/
deepmind-hn`; Nikolov et al., JMIR 23:e26151, 2021; CC BY 4.0). A second contour moves the border
by a smooth random field, whose height is found by bisection so that the mean distance of both
borders is that of the two people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import measure

_RATED = {
    "BrainStem": ("Brainstem",),
    "Cord_HaN": ("Spinal-Cord",),
    "ParotidR": ("Parotid-Rt", "Parotid-Lt"),
    "ParotidL": ("Parotid-Rt", "Parotid-Lt"),
    "Mandible": ("Mandible",),
}
"""Structure -> files of both raters; the others take the median of these."""
_SMOOTH_MM = 10.0
_MARGIN_MM = 15.0
_STEPS, _HIGHEST_MM = 7, 8.0


def measure_raters(folder: Path, names: Sequence[str]) -> dict[str, float]:
    """Structure -> mean distance in mm (ASSD) between the contours of two people."""
    found: dict[str, list[float]] = {}
    for case in sorted(p for p in folder.iterdir() if p.is_dir()):
        for file in sorted({f for files in _RATED.values() for f in files}):
            paths = [case / who / f"{file}.nii.gz" for who in ("oncologist", "radiographer")]
            one, other = (nib.load(path) for path in paths)
            masks = [np.asarray(image.dataobj) > 0 for image in (one, other)]
            if all(m.any() for m in masks):
                sizes = nib.affines.voxel_sizes(one.affine)
                spacing = (float(sizes[0]), float(sizes[1]), float(sizes[2]))
                found.setdefault(file, []).append(measure(*masks, spacing).assd_mm)
    known = {n: mean(v for f in files for v in found[f]) for n, files in _RATED.items()}
    return {name: known.get(name, median(known.values())) for name in names}


def find_height(masks: Sequence[StructureMask], wanted_mm: float, seed: int) -> float:
    """The height (SD, mm) of the field at which second contours are `wanted_mm` away on average."""
    low, high = 0.0, _HIGHEST_MM
    for _ in range(_STEPS):
        middle = (low + high) / 2
        seen = [
            measure(m.dense(), redraw(m, middle, seed + n).dense(), m.grid.spacing_mm).assd_mm
            for n, m in enumerate(masks)
        ]
        low, high = (middle, high) if mean(seen) < wanted_mm else (low, middle)
    return (low + high) / 2


def redraw(mask: StructureMask, height_mm: float, seed: int) -> StructureMask:
    """A second contour of the same organ; the same for the same seed, and never empty."""
    grid = mask.grid
    margin = [int(np.ceil(_MARGIN_MM / s)) for s in grid.spacing_mm]
    start = [max(0, a - m) for a, m in zip(mask.start_ijk, margin, strict=True)]
    ends = zip(mask.start_ijk, mask.voxels.shape, margin, grid.shape, strict=True)
    stop = [min(n, a + size + m) for a, size, m, n in ends]
    box = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    inside = mask.dense()[box]
    moved = measure_depth(inside, grid.spacing_mm) + height_mm * _draw_field(
        inside.shape, grid.spacing_mm, seed
    )
    drawn = moved > 0
    if not drawn.any():
        return mask
    out = np.zeros(grid.shape, dtype=bool)
    out[box] = drawn
    return StructureMask.from_dense(out, grid)


def redraw_all(
    masks: Mapping[str, StructureMask], heights_mm: Mapping[str, float], seed: int
) -> dict[str, StructureMask]:
    """Second contours of one patient; where two would meet, the clinical owner keeps the voxel."""
    drawn = {
        name: redraw(mask, heights_mm[name], 100 * seed + place).dense()
        for place, (name, mask) in enumerate(masks.items())
    }
    taken = np.sum(list(drawn.values()), axis=0) > 1
    return {
        name: StructureMask.from_dense(
            drawn[name] & (~taken | masks[name].dense()), masks[name].grid
        )
        for name in masks
    }


def measure_depth(
    inside: NDArray[np.bool_], spacing_mm: tuple[float, float, float]
) -> NDArray[np.float64]:
    """Distance to the border in mm, positive inside; the border is half a voxel off its voxels."""
    half = 0.5 * float(np.mean(spacing_mm))
    within = ndimage.distance_transform_edt(inside, sampling=spacing_mm)
    beyond = ndimage.distance_transform_edt(~inside, sampling=spacing_mm)
    return np.asarray(np.where(inside, within - half, half - beyond))


def _draw_field(
    shape: tuple[int, ...], spacing_mm: tuple[float, float, float], seed: int
) -> NDArray[np.float64]:
    """A smooth random field with mean 0 and standard deviation 1."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    smooth = ndimage.gaussian_filter(noise, [_SMOOTH_MM / s for s in spacing_mm])
    return np.asarray((smooth - smooth.mean()) / smooth.std())
