"""The body: where the patient is in a CT, on a coarse grid, and how contours lie in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.mask import BoolArray, StructureMask
from han5k_review.imaging.volume import CtVolume

_COARSE_MM = 4.0
_AIR_HU = -300


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Body:
    """`inside` (i, j, k) bool on every `steps`-th voxel of the CT; airways count as inside.

    `middles` (k, 2) is the middle of the body's box on each coarse slice, in voxels of the CT along
    i and j; nan where the slice holds no body.
    """

    inside: BoolArray
    steps: tuple[int, int, int]
    middles: NDArray[np.float64]

    def measure_outside_cc(self, mask: StructureMask) -> float:
        """Volume of a mask outside the body; each voxel is judged by its coarse one."""
        if mask.is_empty:
            return 0.0
        axes = [
            np.minimum((start + np.arange(size)) // step, coarse - 1)
            for start, size, step, coarse in zip(
                mask.start_ijk, mask.voxels.shape, self.steps, self.inside.shape, strict=True
            )
        ]
        inside = self.inside[np.ix_(*axes)]
        return int(np.count_nonzero(mask.voxels & ~inside)) * mask.grid.voxel_volume_cc

    def get_middle(self, k: float) -> tuple[float, float]:
        """The body's middle (i, j in voxels) at axial slice `k`; nan outside the body."""
        place = int(np.clip(round(k / self.steps[2]), 0, len(self.middles) - 1))
        i, j = self.middles[place]
        return float(i), float(j)


def find_body(ct: CtVolume) -> Body:
    """The largest piece brighter than -300 HU, filled slice by slice.

    It is grown by one coarse voxel (about 4 mm), so that contours that follow the skin lie in it.
    """
    spacing_mm = ct.grid.spacing_mm
    i, j, k = (max(1, round(_COARSE_MM / s)) for s in spacing_mm)
    dense = ct.hu[::i, ::j, ::k] > _AIR_HU
    pieces, count = ndimage.label(dense)
    if count:
        largest = int(np.bincount(pieces.ravel())[1:].argmax()) + 1
        dense = pieces == largest
    inside = np.zeros_like(dense)
    middles = np.full((dense.shape[2], 2), np.nan)
    for n in range(dense.shape[2]):
        filled = ndimage.binary_fill_holes(dense[:, :, n])
        rows, columns = (np.flatnonzero(filled.any(axis=axis)) for axis in (1, 0))
        if rows.size:
            middles[n] = (rows[0] + rows[-1]) / 2 * i, (columns[0] + columns[-1]) / 2 * j
        inside[:, :, n] = ndimage.binary_dilation(filled)
    return Body(inside=inside, steps=(i, j, k), middles=middles)
