"""What the smart tools should make of a contour, by scipy and scikit-image, on the whole grid.

Arrays are (i, j, k); an axis of size 1 stands for one slice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric

Mask = NDArray[np.bool_]
Field = NDArray[np.float64]
Spacing = Sequence[float]


def smoothed(values: NDArray[np.generic], spacing: Spacing, sd_mm: float) -> Field:
    """A Gaussian mean, followed for three standard deviations; not across one slice."""
    flat = [0.0 if n == 1 else sd_mm / mm for n, mm in zip(values.shape, spacing, strict=True)]
    return ndimage.gaussian_filter(values.astype(float), flat, truncate=3, mode="nearest")


def ways(costs: Field, seeds: Mask, spacing: Spacing) -> Field:
    """The cheapest way to each voxel, over corners too."""
    if not seeds.any():
        return np.full(costs.shape, np.inf)
    way = MCP_Geometric(costs, fully_connected=True, sampling=tuple(spacing))
    return np.asarray(way.find_costs(np.argwhere(seeds))[0])


def grown(
    hu: NDArray[np.int16], mask: Mask, seeds: NDArray[np.uint8], spacing: Spacing, reach_mm: float
) -> Mask:
    """1 seeds inside, 2 outside: each voxel to whom reaches it more cheaply, within the reach."""
    looked = smoothed(hu, spacing, 1)
    found = []
    for side in (1, 2):
        below = looked[seeds == side]
        costs = np.ones(hu.shape)
        if below.size:
            sd = max(15.0, float(below.std()))
            costs += 4 * np.maximum(0, np.abs(looked - below.mean()) / sd - 1) ** 2
        way = ways(np.minimum(costs, 400), seeds == side, spacing)
        found.append(np.where(way <= reach_mm, way, np.inf))
    inside, outside = found
    return np.where(inside == outside, mask, inside < outside)


def added_costs(costs: Field, seeds: Mask, spacing: Spacing) -> Field:
    """What the cheapest way to each voxel costs beyond its millimetres."""
    way = MCP_Geometric(costs, fully_connected=True, sampling=tuple(spacing))
    found, steps = way.find_costs(np.argwhere(seeds))
    lengths = np.zeros(costs.shape)
    for flat in np.argsort(found, axis=None):
        to = np.array(np.unravel_index(flat, costs.shape))
        if np.isfinite(found[tuple(to)]) and steps[tuple(to)] >= 0:
            step = way.offsets[steps[tuple(to)]]
            lengths[tuple(to)] = lengths[tuple(to - step)] + np.linalg.norm(step * spacing)
    return np.asarray(found) - lengths


def _depths(mask: Mask, spacing: Spacing) -> Field:
    inward = ndimage.distance_transform_edt(mask, sampling=spacing)
    return np.where(mask, inward, -ndimage.distance_transform_edt(~mask, sampling=spacing))


def snapped(hu: NDArray[np.int16], mask: Mask, spacing: Spacing, mm: float) -> Mask:
    """The border moved towards the side whose ways the steep HU make dearer."""
    depths = _depths(mask, spacing)
    looked = smoothed(hu, spacing, 1)
    slopes = [
        np.gradient(looked, step, axis=axis)
        for axis, step in enumerate(spacing)
        if hu.shape[axis] > 1
    ]
    steep = np.minimum(400, 1 + 3 * sum(slope**2 for slope in slopes) / 100)
    deepest = mask & (depths >= ndimage.maximum_filter(depths, 3, mode="nearest"))
    inside = (depths >= mm) | deepest
    outside = depths <= -mm
    band = ~inside & ~outside
    near = ndimage.binary_dilation(band, np.ones((3, 3, 3)))
    costs = np.where(near, steep, -1)
    added = [added_costs(costs, near & side, spacing) for side in (inside, outside)]
    with np.errstate(invalid="ignore"):
        moved = 2 * depths + added[1] - added[0] > 0
    reached = np.isfinite(added[0]) & np.isfinite(added[1])
    return np.where(band & reached, moved, mask)


def kept_volume(mask: Mask, spacing: Spacing, sd_mm: float) -> tuple[Field, float]:
    """Means of the contour, and the one at which as many voxels are inside as before."""
    means = smoothed(mask, spacing, sd_mm)
    return means, float(np.sort(means.ravel())[-int(mask.sum())])


def follow(
    hu: NDArray[np.int16],
    mask: Mask,
    before: Mask,
    index: int,
    step: int,
    spacing: Spacing,
    reach_mm: float,
) -> dict[int, Mask]:
    """Axial slices carried on from `index` by `step`, each fitted to its CT within 3 mm."""
    flat = tuple(spacing[:2])
    change = _depths(mask[..., index], flat) - _depths(before[..., index], flat)
    proposals: dict[int, Mask] = {}
    for n in range(1, int(reach_mm // spacing[2]) + 1):
        at = index + n * step
        if not 0 <= at < mask.shape[2] or not mask[..., at].any():
            break
        share = 1 - n * spacing[2] / (reach_mm + spacing[2])
        now = mask[..., at]
        start = np.where(np.abs(change) < 1e-9, now, _depths(now, flat) + share * change > 0)
        fitted = snapped(hu[..., [at]], start[..., None], spacing, 3)[..., 0]
        near = ndimage.distance_transform_edt(start == now, sampling=flat) <= 3
        proposals[at] = np.where(near, fitted, now) if (start != now).any() else now
    return proposals
