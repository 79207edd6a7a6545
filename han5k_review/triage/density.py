"""Density: the HU inside a mask, along its rim, just outside it, and across its boundary."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.imaging.mask import BoolArray, StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.triage.features import FeatureKey
from han5k_review.triage.shape import measure_peak

_LOCAL_MM = 10.0
_LEAST_HU, _MOST_HU = -1024, 2000  # metal and padding would hide everything else


def measure_density(mask: StructureMask, ct: CtVolume) -> dict[FeatureKey, float]:
    """The features of HU of a mask that is not empty, on its box and one voxel around."""
    inside, hu = _cut(mask, ct)
    core, grown = inside.copy(), inside.copy()
    edges: list[tuple[float, int]] = []
    for axis in range(3):
        first = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
        second = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
        crossing = inside[first] != inside[second]
        core[first] &= inside[second]
        core[second] &= inside[first]
        grown[first] |= inside[second]
        grown[second] |= inside[first]
        step = np.abs(hu[first][crossing] - hu[second][crossing])
        edges.append((float(step.sum()), step.size))
    values, rim, shell = hu[inside], hu[inside & ~core], hu[grown & ~inside]
    low, high = np.percentile(values, (5, 95))
    rim_low, rim_high = np.percentile(rim, (10, 90)) if rim.size else (math.nan, math.nan)
    flat = (edges[0][0] + edges[1][0]) / max(edges[0][1] + edges[1][1], 1)
    return {
        FeatureKey.HU_MEAN: float(values.mean()),
        FeatureKey.HU_SPREAD: float(values.std()),
        FeatureKey.HU_LOW: float(low),
        FeatureKey.HU_HIGH: float(high),
        FeatureKey.HU_LOCAL: _measure_local(inside, hu, mask.grid.spacing_mm),
        FeatureKey.HU_CLUMP: math.log1p(_count_clump(inside, hu) * mask.grid.voxel_volume_cc),
        FeatureKey.HU_PEAK: _measure_slice_peak(inside, hu),
        FeatureKey.RIM_PEAK: _measure_slice_peak(inside & ~core, hu),
        FeatureKey.RIM_HU: float(rim.mean()) if rim.size else math.nan,
        FeatureKey.RIM_LOW: float(rim_low),
        FeatureKey.RIM_HIGH: float(rim_high),
        FeatureKey.SHELL_HU: float(shell.mean()) if shell.size else math.nan,
        FeatureKey.SHELL_SPREAD: float(shell.std()) if shell.size else math.nan,
        FeatureKey.EDGE_FLAT: flat,
        FeatureKey.EDGE_UPRIGHT: edges[2][0] / max(edges[2][1], 1),
    }


def _measure_slice_peak(chosen: BoolArray, hu: NDArray[np.float32]) -> float:
    """The peak of the mean HU of the chosen voxels from slice to slice."""
    counts = np.count_nonzero(chosen, axis=(0, 1))
    sums = np.where(chosen, hu, 0.0).sum(axis=(0, 1))
    filled = counts > 0
    return measure_peak(sums[filled] / counts[filled])


def _measure_local(
    inside: BoolArray, hu: NDArray[np.float32], spacing_mm: tuple[float, float, float]
) -> float:
    """Largest distance (HU) of the mean around a voxel of the mask from the mask's median."""
    away = np.where(inside, hu - np.median(hu[inside]), 0).astype(np.float32)
    size = [max(3, 2 * round(_LOCAL_MM / s / 2) + 1) for s in spacing_mm]
    weight = ndimage.uniform_filter(inside.astype(np.float32), size, mode="constant")
    local = ndimage.uniform_filter(away, size, mode="constant")
    return float(np.abs(local[inside] / np.maximum(weight[inside], 0.05)).max())


def _count_clump(inside: BoolArray, hu: NDArray[np.float32]) -> int:
    """Voxels of the largest piece whose HU lie 2.5 robust standard deviations from the median."""
    away = np.abs(hu - np.median(hu[inside]))
    spread = max(1.4826 * float(np.median(away[inside])), 10.0)
    pieces, count = ndimage.label(inside & (away > 2.5 * spread))
    return int(np.bincount(pieces.ravel())[1:].max()) if count else 0


def _cut(mask: StructureMask, ct: CtVolume) -> tuple[BoolArray, NDArray[np.float32]]:
    """The mask and the CT on the mask's box with one voxel around, as far as the CT reaches."""
    starts = [max(0, start - 1) for start in mask.start_ijk]
    stops = [
        min(size, start + n + 1)
        for size, start, n in zip(ct.grid.shape, mask.start_ijk, mask.voxels.shape, strict=True)
    ]
    around = tuple(slice(a, b) for a, b in zip(starts, stops, strict=True))
    hu = np.clip(ct.hu[around], _LEAST_HU, _MOST_HU).astype(np.float32)
    inside = np.zeros(hu.shape, dtype=np.bool_)
    own = tuple(
        slice(start - low, start - low + n)
        for start, low, n in zip(mask.start_ijk, starts, mask.voxels.shape, strict=True)
    )
    inside[own] = mask.voxels
    return inside, hu
