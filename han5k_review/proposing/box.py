"""One structure of one case, ready to learn from: a box around its contour with the CT in it.

The box is thinned to voxels of up to three millimetres, so that a case takes less than a second
whatever its CT; what was found there is carried back to the full grid as a change of the signed
distance, so that the contour stays as it is, to the voxel, where nothing was proposed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, map_coordinates

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

MARGIN_MM = 45.0
_FINEST_MM = 3.0

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Box:
    """`drawn` (i, j, k) and `hu` of the same shape, on every `step`-th voxel from `start_ijk`.

    `spacing_mm` is that of the thinned voxels, `distance_mm` the signed distance to the contour,
    negative inside.
    """

    grid: Grid
    start_ijk: tuple[int, int, int]
    step: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    drawn: Bools
    distance_mm: Floats
    hu: Floats


def build_box(drawn: StructureMask, volume: CtVolume) -> Box:
    """The box of a contour with at least one voxel, `MARGIN_MM` larger on all sides."""
    grid = drawn.grid
    start, stop = _find_ends(drawn)
    step = _choose_step(grid)
    place = tuple(slice(a, b, n) for a, b, n in zip(start, stop, step, strict=True))
    spacing = [s * n for s, n in zip(grid.spacing_mm, step, strict=True)]
    inside = drawn.dense()[place]
    if not inside.any():  # thinner than the step
        place, spacing, step = _unthinned(start, stop), list(grid.spacing_mm), (1, 1, 1)
        inside = drawn.dense()[place]
    sides = (spacing[0], spacing[1], spacing[2])
    return Box(
        grid=grid,
        start_ijk=start,
        step=step,
        spacing_mm=sides,
        drawn=inside,
        distance_mm=measure_distance(inside, sides),
        hu=volume.hu[place].astype(np.float32),
    )


def thin(mask: StructureMask, box: Box) -> Bools:
    """Another contour of the same case on the voxels of the box (i, j, k): True inside, no unit."""
    place = tuple(
        slice(a, a + n * s, s)
        for a, n, s in zip(box.start_ijk, box.drawn.shape, box.step, strict=True)
    )
    return mask.dense()[place]


def carry_back(found: Bools, box: Box, drawn: StructureMask) -> StructureMask:
    """What was `found` in the box (i, j, k), True inside and no unit, as a mask of the case.

    `drawn` is the contour of before.
    """
    grid = drawn.grid
    if not found.any():
        return StructureMask.empty(grid)
    if box.step == (1, 1, 1):
        return StructureMask.from_box(found, box.start_ijk, grid)
    change = measure_distance(found, box.spacing_mm) - box.distance_mm
    low, high = _find_bounds(found | box.drawn)
    start = [a + n * s for a, n, s in zip(box.start_ijk, low, box.step, strict=True)]
    ends = zip(box.start_ijk, high, box.step, grid.shape, strict=True)
    stop = [min(size, a + n * s) for a, n, s, size in ends]
    axes = [n + np.arange(b - a) / s for n, a, b, s in zip(low, start, stop, box.step, strict=True)]
    at = np.stack(np.meshgrid(*axes, indexing="ij"))
    fine = map_coordinates(change, at, order=1, mode="nearest")
    place = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    before = measure_distance(drawn.dense()[place], grid.spacing_mm)
    i, j, k = start
    return StructureMask.from_box(before + fine < 0, (i, j, k), grid)


def _find_bounds(inside: Bools) -> tuple[list[int], list[int]]:
    """First and last index + 1 of what is inside, two voxels larger on all sides of the array."""
    points = np.argwhere(inside)
    low = np.maximum(points.min(axis=0) - 2, 0)
    high = np.minimum(points.max(axis=0) + 3, inside.shape)
    return low.tolist(), high.tolist()


def measure_distance(inside: Bools, spacing_mm: tuple[float, float, float]) -> Floats:
    """Signed distance (mm) of every voxel (i, j, k) to the border, negative inside."""
    half = 0.5 * float(np.mean(spacing_mm))
    within = distance_transform_edt(inside, sampling=spacing_mm)
    beyond = distance_transform_edt(~inside, sampling=spacing_mm)
    return np.where(inside, half - within, beyond - half).astype(np.float32)


def _find_ends(drawn: StructureMask) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    start, stop = [], []
    sizes = zip(drawn.slices, drawn.grid.shape, drawn.grid.spacing_mm, strict=True)
    for part, size, spacing in sizes:
        margin = int(np.ceil(MARGIN_MM / spacing))
        start.append(max(0, part.start - margin))
        stop.append(min(size, part.stop + margin))
    return (start[0], start[1], start[2]), (stop[0], stop[1], stop[2])


def _choose_step(grid: Grid) -> tuple[int, int, int]:
    i, j, k = (max(1, int(_FINEST_MM / s + 0.01)) for s in grid.spacing_mm)
    return (i, j, k)


def _unthinned(
    start: tuple[int, int, int], stop: tuple[int, int, int]
) -> tuple[slice, slice, slice]:
    i, j, k = (slice(a, b, 1) for a, b in zip(start, stop, strict=True))
    return (i, j, k)
