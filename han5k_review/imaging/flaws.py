"""Flaws: one function per error that networks make, from a mask to the flawed mask.

The demo draws its pseudo-labels with them, and a study plants them to measure vigilance.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.mask import BoolArray, StructureMask

_SMALL_CC = 2.0
Flaw = Callable[[StructureMask, np.random.Generator], StructureMask]


class PseudoError(StrEnum):
    """What was done to a pseudo-label on purpose, beyond its slightly rough boundary."""

    NONE = "none"
    MISSING_SLICE = "missing_slice"
    ISLAND = "island"
    OVER_SEGMENTATION = "over_segmentation"
    UNDER_SEGMENTATION = "under_segmentation"
    SWAPPED_SIDE = "swapped_side"
    LEAK = "leak"
    TRUNCATED = "truncated"
    SHIFTED = "shifted"


def roughen(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """Move the boundary by smooth random amounts below a voxel or so; small organs less."""
    if mask.is_empty:
        return mask
    box, start = _padded(mask, (3, 3, 1))
    small = mask.volume_cc < _SMALL_CC
    sigma_mm, size = (0.6, 0.15) if small else (1.3, 0.16)
    spacing = np.array(mask.grid.spacing_mm)
    soft = ndimage.gaussian_filter(box.astype(np.float32), (sigma_mm / spacing).tolist())
    soft += np.float32(size) * _field(box.shape, (3.5 / spacing).tolist(), rng)
    rough = StructureMask.from_box(soft > 0.5, start, mask.grid)
    return mask if rough.is_empty else rough


def drop_slices(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """Empty one or two slices in the middle (of at least three)."""
    slices = mask.voxels.shape[2]
    if slices < 3:
        return mask
    count = 2 if slices >= 8 else 1
    first = int(rng.integers(1, slices - count))
    box = mask.voxels.copy()
    box[:, :, first : first + count] = False
    return StructureMask.from_box(box, mask.start_ijk, mask.grid)


def add_island(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """A stray ball of 3 to 5 mm radius beside the mask, apart from it."""
    spacing = np.array(mask.grid.spacing_mm)
    radius_mm = float(rng.uniform(3, 5))
    away = np.ceil((radius_mm + rng.uniform(4, 10)) / spacing[:2]).astype(int)
    box, start = _padded(mask, (2 * int(away[0]), 2 * int(away[1]), 2))
    inner = np.array(mask.start_ijk) - start
    axis = int(rng.integers(0, 2))
    centre = inner + np.array(mask.voxels.shape) / 2
    free_after = box.shape[axis] - inner[axis] - mask.voxels.shape[axis]
    if free_after >= inner[axis]:
        centre[axis] = box.shape[axis] - free_after + away[axis]
    else:
        centre[axis] = inner[axis] - away[axis]
    ball = _distance_mm(box.shape, centre, spacing) <= radius_mm
    return StructureMask.from_box(box | ball, start, mask.grid)


def swell(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """Over-segmentation: grow by 2 to 3.5 mm in every direction."""
    spacing = mask.grid.spacing_mm
    box, start = _padded(mask, (4, 4, 2))
    outside = ndimage.distance_transform_edt(~box, sampling=spacing)
    return StructureMask.from_box(outside <= rng.uniform(2.0, 3.5), start, mask.grid)


def shrink(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """Under-segmentation: lose the outer 25 to 45 % of the volume."""
    box, start = _padded(mask, (1, 1, 1))
    depth = ndimage.distance_transform_edt(box, sampling=mask.grid.spacing_mm)
    inside = depth[box]
    # Depths come in steps; a little noise breaks the ties, so that the share is met.
    inside += rng.uniform(0, 0.05, inside.size)
    box = box.copy()
    box[box] = inside > np.quantile(inside, rng.uniform(0.25, 0.45))
    return StructureMask.from_box(box, start, mask.grid)


def leak(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """A bulge of 6 to 9 mm through the boundary into the neighbour, joined to the mask."""
    spacing = np.array(mask.grid.spacing_mm)
    reach = np.ceil(10 / spacing).astype(int)
    box, start = _padded(mask, (int(reach[0]), int(reach[1]), int(reach[2])))
    surface = np.argwhere(box & ~ndimage.binary_erosion(box))
    centre = surface[int(rng.integers(0, len(surface)))]
    radius_mm = rng.uniform(6, 9)
    flat = spacing * (1.0, 1.0, 1.4)
    bulge = _distance_mm(box.shape, centre.astype(float), flat) <= radius_mm
    return StructureMask.from_box(box | bulge, start, mask.grid)


def truncate(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """Lose the upper or the lower 25 to 40 % of the slices."""
    slices = mask.voxels.shape[2]
    lost = max(1, round(slices * rng.uniform(0.25, 0.40)))
    upper = bool(rng.integers(0, 2))
    kept = mask.voxels[:, :, :-lost] if upper else mask.voxels[:, :, lost:]
    i, j, k = mask.start_ijk
    return StructureMask.from_box(kept, (i, j, k if upper else k + lost), mask.grid)


def shift(mask: StructureMask, rng: np.random.Generator) -> StructureMask:
    """The right shape in the wrong place, 4 to 7 mm away in the slice."""
    angle, length_mm = rng.uniform(0, 2 * np.pi), rng.uniform(4, 7)
    step = np.rint(
        length_mm * np.array([np.cos(angle), np.sin(angle)]) / mask.grid.spacing_mm[:2]
    ).astype(int)
    start = []
    for axis, by in enumerate((int(step[0]), int(step[1]), 0)):
        last = mask.grid.shape[axis] - mask.voxels.shape[axis]
        start.append(min(max(mask.start_ijk[axis] + by, 0), last))
    return StructureMask.from_box(mask.voxels, (start[0], start[1], start[2]), mask.grid)


FLAWS: dict[PseudoError, Flaw] = {
    PseudoError.MISSING_SLICE: drop_slices,
    PseudoError.ISLAND: add_island,
    PseudoError.OVER_SEGMENTATION: swell,
    PseudoError.UNDER_SEGMENTATION: shrink,
    PseudoError.LEAK: leak,
    PseudoError.TRUNCATED: truncate,
    PseudoError.SHIFTED: shift,
}


def _padded(
    mask: StructureMask, margin: tuple[int, int, int]
) -> tuple[BoolArray, tuple[int, int, int]]:
    """The mask's box with a margin, as far as the grid reaches, and where it begins."""
    start, before, shape = [], [], []
    for axis in range(3):
        first = mask.start_ijk[axis]
        low = max(first - margin[axis], 0)
        high = min(first + mask.voxels.shape[axis] + margin[axis], mask.grid.shape[axis])
        start.append(low)
        before.append(first - low)
        shape.append(high - low)
    box = np.zeros(shape, dtype=np.bool_)
    i, j, k = (slice(b, b + n) for b, n in zip(before, mask.voxels.shape, strict=True))
    box[i, j, k] = mask.voxels
    return box, (start[0], start[1], start[2])


def _field(
    shape: tuple[int, ...], sigma: list[float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Smooth noise with mean 0 and deviation 1."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, dtype=np.float32), sigma)
    return np.asarray(noise / max(float(noise.std()), 1e-6), dtype=np.float32)


def _distance_mm(
    shape: tuple[int, ...], centre: NDArray[np.floating], spacing_mm: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Distance of every voxel of a box from `centre` (voxels)."""
    square = np.zeros(shape)
    for axis, grid in enumerate(np.ogrid[tuple(slice(0, n) for n in shape)]):
        square = square + ((grid - centre[axis]) * spacing_mm[axis]) ** 2
    return np.asarray(np.sqrt(square))
