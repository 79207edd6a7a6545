"""Working grid: volumes averaged down by whole factors, and masks brought there and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingGrid:
    """`full` seen through blocks of `factors` voxels along i, j, k; (1, 1, 1) is `full` itself.

    The last block of an axis may be smaller than its factor.
    """

    full: Grid
    factors: tuple[int, int, int]

    @property
    def grid(self) -> Grid:
        """The grid of the blocks; a block's centre is that of a whole block."""
        shape = [math.ceil(n / f) for n, f in zip(self.full.shape, self.factors, strict=True)]
        matrix = self.full.affine
        factors = np.array(self.factors, dtype=float)
        matrix[:3, 3] += matrix[:3, :3] @ ((factors - 1) / 2)
        matrix[:3, :3] *= factors
        return Grid.from_affine(shape, matrix)

    def reduce_hu(self, hu: NDArray[np.int16]) -> NDArray[np.float32]:
        """Mean HU of each block: (i, j, k) int16 on `full` -> float32 on `grid`."""
        if hu.shape != self.full.shape:
            raise GeometryError(f"A CT of shape {self.full.shape} was expected, got {hu.shape}.")
        return _block_mean(hu.astype(np.float32), self.factors)

    def reduce_mask(self, mask: StructureMask) -> StructureMask:
        """The blocks of which at least half lies inside `mask` (a mask on `full`)."""
        if mask.is_empty:
            return StructureMask.empty(self.grid)
        first = [s // f for s, f in zip(mask.start_ijk, self.factors, strict=True)]
        lead = [s - b * f for s, b, f in zip(mask.start_ijk, first, self.factors, strict=True)]
        box = np.pad(mask.voxels, [(n, 0) for n in lead]).astype(np.float32)
        tail = [-n % f for n, f in zip(box.shape, self.factors, strict=True)]
        share = _block_mean(np.pad(box, [(0, n) for n in tail]), self.factors)
        return StructureMask.from_box(share >= 0.5, (first[0], first[1], first[2]), self.grid)

    def restore_mask(self, mask: StructureMask) -> StructureMask:
        """A mask on `grid` brought to `full`, its border interpolated linearly."""
        if self.factors == (1, 1, 1) or mask.is_empty:
            return StructureMask.from_box(mask.voxels, mask.start_ijk, self.full)
        padded = np.pad(mask.voxels, 1).astype(np.float32)
        fine = zoom(padded, self.factors, order=1, grid_mode=True, mode="grid-constant") >= 0.5
        start = [(s - 1) * f for s, f in zip(mask.start_ijk, self.factors, strict=True)]
        low = [max(0, -s) for s in start]
        high = [
            min(n, size - s) for n, size, s in zip(fine.shape, self.full.shape, start, strict=True)
        ]
        kept = fine[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        place = tuple(s + a for s, a in zip(start, low, strict=True))
        return StructureMask.from_box(kept, (place[0], place[1], place[2]), self.full)


def choose_working_grid(grid: Grid, working_spacing_mm: float | None) -> WorkingGrid:
    """Whole factors that bring the spacing as close to `working_spacing_mm` as fits below it."""
    if working_spacing_mm is None:
        return WorkingGrid(full=grid, factors=(1, 1, 1))
    i, j, k = (max(1, math.floor(working_spacing_mm / mm + 1e-6)) for mm in grid.spacing_mm)
    return WorkingGrid(full=grid, factors=(i, j, k))


def _block_mean(array: NDArray[np.float32], factors: tuple[int, int, int]) -> NDArray[np.float32]:
    for axis, factor in enumerate(factors):
        if factor > 1:
            size = array.shape[axis]
            starts = np.arange(0, size, factor)
            counts = np.minimum(factor, size - starts).astype(np.float32)
            sums = np.add.reduceat(array, starts, axis=axis, dtype=np.float32)
            array = sums / counts.reshape([-1 if a == axis else 1 for a in range(3)])
    return array
