"""Fit: whether a contour would suit the picture better a little beside where it lies."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.mask import BoolArray, StructureMask
from han5k_review.imaging.volume import CtVolume

_STEP_MM = 4.0
_MOST_POINTS = 20_000
_LEAST_HU, _MOST_HU = -1024, 2000
_LEAST_CHANGE_HU = 5.0

Places = NDArray[np.int64]


def measure_elsewhere(mask: StructureMask, ct: CtVolume) -> tuple[float, float]:
    """What is best among four places 4 mm to the left, right, front and back, against its own.

    ln of the largest mean change of HU across the outline over that at its own place (above 0: the
    outline suits another place better), and ln of the smallest spread of HU inside over its own.
    """
    steps = [max(1, round(_STEP_MM / s)) for s in mask.grid.spacing_mm[:2]]
    inside, hu = _cut(mask, ct, steps)
    faces = [_list_faces(inside, axis) for axis in (0, 1)]
    filled = _thin(np.flatnonzero(inside))
    flat = hu.ravel()
    strides = (hu.shape[1] * hu.shape[2], hu.shape[2])
    moves = [
        sign * step * stride
        for step, stride in zip(steps, strides, strict=True)
        for sign in (1, -1)
    ]
    edges, spreads = [], []
    for move in (0, *moves):
        change = [
            np.abs(flat[first + move] - flat[first + stride + move])
            for first, stride in zip(faces, strides, strict=True)
        ]
        edges.append(float(np.concatenate(change).mean()) + _LEAST_CHANGE_HU)
        spreads.append(float(flat[filled + move].std()) + _LEAST_CHANGE_HU)
    return math.log(max(edges[1:]) / edges[0]), math.log(min(spreads[1:]) / spreads[0])


def _cut(
    mask: StructureMask, ct: CtVolume, steps: list[int]
) -> tuple[BoolArray, NDArray[np.float32]]:
    """Mask and HU on its box with room for a step and a voxel; beyond the CT its edge goes on."""
    room = (steps[0] + 1, steps[1] + 1, 0)
    around, pads = [], []
    for start, n, size, more in zip(
        mask.start_ijk, mask.voxels.shape, ct.grid.shape, room, strict=True
    ):
        low, high = max(0, start - more), min(size, start + n + more)
        around.append(slice(low, high))
        pads.append((low - (start - more), (start + n + more) - high))
    hu = np.clip(ct.hu[tuple(around)], _LEAST_HU, _MOST_HU).astype(np.float32)
    padded = np.ascontiguousarray(np.pad(hu, pads, mode="edge"))
    return np.pad(mask.voxels, [(more, more) for more in room]), padded


def _list_faces(inside: BoolArray, axis: int) -> Places:
    """Flat places of voxels whose next one along an axis is on the other side of the outline."""
    crossing = np.zeros_like(inside)
    first = tuple(slice(None, -1) if a == axis else slice(None) for a in range(3))
    second = tuple(slice(1, None) if a == axis else slice(None) for a in range(3))
    crossing[first] = inside[first] != inside[second]
    return _thin(np.flatnonzero(crossing))


def _thin(places: Places) -> Places:
    """At most some thousands of them, evenly."""
    return places[:: max(1, len(places) // _MOST_POINTS)]
