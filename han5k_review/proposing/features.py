"""What is known of a voxel near a contour: how far, where on the structure, and the CT around it.

Columns of `measure_features`, per voxel: signed distance; place from the middle of the contour in
mm and in half sizes of the contour; mm above its lowest and below its highest slice; HU raw and
through Gaussians of 2, 4 and 8 mm; steepness (HU per mm); how unlike the middle of the structure
it looks; the share of the contour within some 6 mm; and the way from the contour through tissue
that looks like it, so that a part that was cut off is told from its neighbours.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter
from skimage.graph import MCP_Geometric

from han5k_review.proposing.box import Box, Floats

_SMOOTH_MM = (2.0, 4.0, 8.0)
_AROUND_MM = 6.0
_UNLIKE = 2.5
_DEAR = 6.0
_FARTHEST_MM = 200.0
_LEAST_SPREAD_HU = 10.0


def measure_features(box: Box, near: NDArray[np.intp]) -> NDArray[np.float32]:
    """(voxels, columns) of the voxels with the flat indices `near` of the box."""
    smooth = [gaussian_filter(box.hu, _sigma(box, mm)) for mm in _SMOOTH_MM]
    steps = np.gradient(smooth[0], *box.spacing_mm)
    steep = np.sqrt(sum(step * step for step in steps))
    around = gaussian_filter(box.drawn.astype(np.float32), _sigma(box, _AROUND_MM))
    unlike = _measure_unlike(box, smooth[0])
    ways = _measure_ways(box, np.abs(unlike) < _UNLIKE)
    fields = [box.distance_mm, box.hu, *smooth, steep, around, unlike, ways]
    columns = [np.asarray(field, dtype=np.float32).ravel()[near] for field in fields]
    return np.stack([*columns, *_measure_places(box, near)], axis=1)


def _measure_places(box: Box, near: NDArray[np.intp]) -> list[Floats]:
    """Place from the middle in mm and in half sizes, and mm above the lowest, below the highest."""
    spacing = np.array(box.spacing_mm)
    inside = np.argwhere(box.drawn) * spacing
    low, high = inside.min(axis=0), inside.max(axis=0)
    half = np.maximum((high - low) / 2, 1.0)
    at = np.stack(np.unravel_index(near, box.drawn.shape), axis=1) * spacing
    away = at - inside.mean(axis=0)
    ends = np.stack([at[:, 2] - low[2], high[2] - at[:, 2]])
    rows = np.concatenate([away.T, (away / half).T, ends]).astype(np.float32)
    return [*rows]


def _measure_unlike(box: Box, smooth: Floats) -> Floats:
    """HU in robust standard deviations from the median of the structure's inner voxels."""
    inner = binary_erosion(box.drawn)
    own = smooth[inner if inner.any() else box.drawn]
    middle = np.median(own)
    spread = 1.4826 * np.median(np.abs(own - middle)) + _LEAST_SPREAD_HU
    return np.asarray((smooth - middle) / spread, dtype=np.float32)


def _measure_ways(box: Box, alike: NDArray[np.bool_]) -> Floats:
    """mm of the cheapest way from the contour; what looks different costs `_DEAR` times as much."""
    costs = np.where(alike | box.drawn, 1.0, _DEAR)
    border = box.drawn & ~binary_erosion(box.drawn)
    ways, _ = MCP_Geometric(costs, sampling=box.spacing_mm).find_costs(np.argwhere(border))
    return np.asarray(np.minimum(ways, _FARTHEST_MM), dtype=np.float32)


def _sigma(box: Box, mm: float) -> list[float]:
    return [mm / s for s in box.spacing_mm]
