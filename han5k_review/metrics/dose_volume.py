"""Dose and volume: what a structure receives, from the dose at its voxels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NEAR_MAXIMUM_CC = 0.03
"""D0.03cc, the dose that the hottest 0.03 cc receive at least, stands for the maximum."""
BIN_GY = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseNumbers:
    """Of one structure, in Gray: mean, near maximum (D0.03cc), D95 % and D2 %.

    `outside_cc` of its volume lie beyond the dose grid and count nowhere. All doses are NaN for a
    structure without a voxel within the dose grid.
    """

    volume_cc: float
    outside_cc: float
    mean_gy: float
    near_maximum_gy: float
    d95_gy: float
    d2_gy: float


def measure_dose(dose_gy: NDArray[np.floating], voxel_cc: float) -> DoseNumbers:
    """Numbers from the dose (voxels,) of a structure, in Gy; NaN beyond the dose grid."""
    inside = np.sort(dose_gy[np.isfinite(dose_gy)])[::-1]
    outside_cc = (dose_gy.size - inside.size) * voxel_cc
    if not inside.size:
        nan = math.nan
        return DoseNumbers(
            volume_cc=dose_gy.size * voxel_cc,
            outside_cc=outside_cc,
            mean_gy=nan,
            near_maximum_gy=nan,
            d95_gy=nan,
            d2_gy=nan,
        )

    def hottest(voxels: float) -> float:
        """The lowest dose in so many of the hottest voxels, at least one."""
        place = min(max(math.ceil(voxels - 1e-9), 1), inside.size) - 1
        return float(inside[place])

    return DoseNumbers(
        volume_cc=dose_gy.size * voxel_cc,
        outside_cc=outside_cc,
        mean_gy=float(inside.mean(dtype=np.float64)),
        near_maximum_gy=hottest(NEAR_MAXIMUM_CC / voxel_cc),
        d95_gy=hottest(0.95 * inside.size),
        d2_gy=hottest(0.02 * inside.size),
    )


def build_dose_volume_curve(
    dose_gy: NDArray[np.floating],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(dose in Gray from 0 in steps of BIN_GY, percent of the volume that receives at least it).

    Voxels beyond the dose grid are left out; both are empty where no voxel is within.
    """
    inside = np.sort(dose_gy[np.isfinite(dose_gy)])
    if not inside.size:
        return np.empty(0), np.empty(0)
    steps = np.arange(0, float(inside[-1]) + 2 * BIN_GY, BIN_GY)
    below = np.searchsorted(inside, steps, side="left")
    return steps, 100.0 * (inside.size - below) / inside.size
