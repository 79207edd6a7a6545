"""Working grid: what the network sees of a volume, and how masks get there and back.

Volumes can be averaged down by whole factors and cut to the patient's body. Both are decided from
the CT alone, so that training and prediction agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label, zoom

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

BODY_HU = -400.0
_MARGIN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingGrid:
    """`full` in blocks of `factors` voxels along i, j, k, cut to a box of blocks.

    The box begins at block `start_ijk` and has `shape_ijk` blocks. The last block of an axis of
    `full` may be smaller than its factor.
    """

    full: Grid
    factors: tuple[int, int, int]
    start_ijk: tuple[int, int, int]
    shape_ijk: tuple[int, int, int]

    @property
    def grid(self) -> Grid:
        """The grid of the box; a block's centre is that of a whole block."""
        return _blocks(self.full, self.factors).cropped(self.start_ijk, self.shape_ijk)

    def reduce_mask(self, mask: StructureMask) -> StructureMask:
        """The blocks of the box of which at least half lies inside `mask` (a mask on `full`)."""
        if mask.is_empty:
            return StructureMask.empty(self.grid)
        first = [s // f for s, f in zip(mask.start_ijk, self.factors, strict=True)]
        lead = [s - b * f for s, b, f in zip(mask.start_ijk, first, self.factors, strict=True)]
        box = np.pad(mask.voxels, [(n, 0) for n in lead]).astype(np.float32)
        tail = [-n % f for n, f in zip(box.shape, self.factors, strict=True)]
        share = block_mean(np.pad(box, [(0, n) for n in tail]), self.factors)
        start = [b - s for b, s in zip(first, self.start_ijk, strict=True)]
        return _clipped(share >= 0.5, start, self.grid)

    def restore_mask(self, mask: StructureMask) -> StructureMask:
        """A mask on `grid` brought to `full`, its border interpolated linearly."""
        if mask.is_empty:
            return StructureMask.empty(self.full)
        blocks = [a + b for a, b in zip(mask.start_ijk, self.start_ijk, strict=True)]
        if self.factors == (1, 1, 1):
            return _clipped(mask.voxels, blocks, self.full)
        padded = np.pad(mask.voxels, 1).astype(np.float32)
        fine = zoom(padded, self.factors, order=1, grid_mode=True, mode="grid-constant") >= 0.5
        start = [(b - 1) * f for b, f in zip(blocks, self.factors, strict=True)]
        return _clipped(fine, start, self.full)


def reduce_volume(
    volume: CtVolume, working_spacing_mm: float | None, *, crop_to_body: bool
) -> tuple[WorkingGrid, NDArray[np.float32]]:
    """The working grid of a volume and its mean HU there, (i, j, k) float32.

    The factors bring the spacing as close to `working_spacing_mm` as fits below it; None keeps
    the voxels. The body is the largest connected region above -400 HU; the whole volume when
    there is none.
    """
    factors = _factors(volume.grid, working_spacing_mm)
    hu = block_mean(volume.hu.astype(np.float32), factors)
    box = _find_body(hu) if crop_to_body else tuple(slice(0, n) for n in hu.shape)
    start = (box[0].start, box[1].start, box[2].start)
    cut = hu[box[0], box[1], box[2]]
    shape = (cut.shape[0], cut.shape[1], cut.shape[2])
    working = WorkingGrid(full=volume.grid, factors=factors, start_ijk=start, shape_ijk=shape)
    return working, np.ascontiguousarray(cut)


def block_mean(array: NDArray[np.float32], factors: tuple[int, int, int]) -> NDArray[np.float32]:
    """Mean over blocks of `factors` voxels of (i, j, k); the last block of an axis may be smaller.

    GeometryError for an array without three axes.
    """
    if array.ndim != 3:
        raise GeometryError(f"An array with three axes was expected, found {array.ndim}.")
    for axis, factor in enumerate(factors):
        if factor > 1:
            size = array.shape[axis]
            starts = np.arange(0, size, factor)
            counts = np.minimum(factor, size - starts).astype(np.float32)
            sums = np.add.reduceat(array, starts, axis=axis, dtype=np.float32)
            array = sums / counts.reshape([-1 if a == axis else 1 for a in range(3)])
    return array


def to_czyx(array_ijk: NDArray[np.float32]) -> NDArray[np.float32]:
    """Voxels (i, j, k) -> (1, z, y, x), nnU-Net's order; i stays left/right, and is last."""
    return np.ascontiguousarray(array_ijk.transpose(2, 1, 0))[None]


def _factors(grid: Grid, working_spacing_mm: float | None) -> tuple[int, int, int]:
    if working_spacing_mm is None:
        return (1, 1, 1)
    i, j, k = (max(1, math.floor(working_spacing_mm / mm + 1e-6)) for mm in grid.spacing_mm)
    return (i, j, k)


def _blocks(full: Grid, factors: tuple[int, int, int]) -> Grid:
    shape = [math.ceil(n / f) for n, f in zip(full.shape, factors, strict=True)]
    matrix = full.affine
    sizes = np.array(factors, dtype=float)
    matrix[:3, 3] += matrix[:3, :3] @ ((sizes - 1) / 2)
    matrix[:3, :3] *= sizes
    return Grid.from_affine(shape, matrix)


def _find_body(hu: NDArray[np.float32]) -> tuple[slice, ...]:
    regions, count = label(hu > BODY_HU)
    if count == 0:
        return tuple(slice(0, n) for n in hu.shape)
    largest = int(np.bincount(regions.ravel())[1:].argmax()) + 1
    box = find_objects(regions, max_label=largest)[largest - 1]
    return tuple(
        slice(max(0, s.start - _MARGIN), min(n, s.stop + _MARGIN))
        for s, n in zip(box, hu.shape, strict=True)
    )


def _clipped(box: NDArray[np.bool_], start: list[int], grid: Grid) -> StructureMask:
    """The part of a box that lies in `grid`; `start` may be outside it."""
    low = [max(0, -s) for s in start]
    high = [max(a, min(n, size - s)) for a, n, size, s in _zip4(low, box.shape, grid.shape, start)]
    kept = box[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    if kept.size == 0:
        return StructureMask.empty(grid)
    place = [s + a for s, a in zip(start, low, strict=True)]
    return StructureMask.from_box(kept, (place[0], place[1], place[2]), grid)


def _zip4(*parts: list[int] | tuple[int, ...]) -> list[tuple[int, ...]]:
    return list(zip(*parts, strict=True))
