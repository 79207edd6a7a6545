"""Dose: Gray on a grid of its own, and at any point of the patient by trilinear interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

_ROUNDING = 1e-4  # in voxels of the dose grid
_MOST_STEPS = 32767


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseVolume:
    """`gy` is (ni, nj, nk) float32, the dose in Gray at the voxel centres of `grid`.

    `prescription_gy` is what a person said was prescribed; an RTDOSE does not hold it.
    """

    grid: Grid
    gy: NDArray[np.float32]
    prescription_gy: float | None = None

    def sample(self, mask: StructureMask) -> NDArray[np.float32]:
        """The dose (voxels,) in Gy at the centres of a mask's voxels; NaN beyond the dose grid."""
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseSteps:
    """A dose in whole steps: `steps` (ni, nj, nk) int16, each of `gy_per_step` Gray."""

    steps: NDArray[np.int16]
    gy_per_step: float


def build_dose_steps(dose: DoseVolume) -> DoseSteps:
    """The dose in steps of its largest value / 32767, as the viewer gets it.

    Rounded to the nearest step: for 80 Gy that is at most 1.3 mGy off. A dose of 0 everywhere has
    steps of 1 Gy.
    """
    largest = float(np.abs(dose.gy).max(initial=0.0))
    gy_per_step = largest / _MOST_STEPS or 1.0
    steps = np.rint(dose.gy.astype(np.float64) / gy_per_step).astype(np.int16)
    return DoseSteps(steps=steps, gy_per_step=gy_per_step)
