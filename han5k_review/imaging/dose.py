"""Dose: Gray on a grid of its own, and at any point of the patient by trilinear interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

_ROUNDING = 1e-4  # in voxels of the dose grid


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseVolume:
    """`gy` is (ni, nj, nk) float32, the dose in Gray at the voxel centres of `grid`."""

    grid: Grid
    gy: NDArray[np.float32]

    def sample(self, mask: StructureMask) -> NDArray[np.float32]:
        """The dose at the centre of every voxel of a mask, in Gray; NaN beyond the dose grid."""
        voxels = np.argwhere(mask.voxels) + np.array(mask.start_ijk)
        points = np.column_stack([mask.grid.points_ras_mm(voxels), np.ones(len(voxels))])
        places = (points @ np.linalg.inv(self.grid.affine).T)[:, :3]
        last = np.array(self.gy.shape) - 1.0
        edge = np.clip(places, 0, last)
        places = np.where(np.abs(edge - places) < _ROUNDING, edge, places)
        found: NDArray[np.float32] = ndimage.map_coordinates(
            self.gy, places.T, order=1, mode="constant", cval=np.nan, prefilter=False
        )
        return found
