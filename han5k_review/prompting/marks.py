"""Lines and polygons as voxels, the way nnInteractive's server takes scribbles and lassos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.draw import line_nd, polygon2mask

from han5k_review.prompting.prompts import Index, Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """`voxels` (i, j, k) of 0 and 1; `bounds`: first and past-the-last index of each axis."""

    voxels: NDArray[np.uint8]
    bounds: list[list[int]]


def build_scribble(prompt: Prompt, shape_ijk: Index, thickness: Sequence[float]) -> Marks:
    """The line through the points; `thickness` voxels across in its slice, one slice thick.

    A line across slices is as thick in every direction. Along an axis it lies in two slices: the
    axial one counts, then the coronal one.
    """
    flat = prompt.flat_axes[-1:]
    grown = [0 if axis in flat else int(thickness[axis]) // 2 for axis in range(3)]
    marks = _build_empty(prompt.points, shape_ijk, grown)
    low = np.array([span[0] for span in marks.bounds])
    points = [np.array(point) - low for point in prompt.points]
    for start, end in zip(points, points[1:] or points, strict=False):
        for i, j, k in zip(*line_nd(start, end, endpoint=True), strict=True):
            near = [
                slice(max(0, at - more), at + more + 1)
                for at, more in zip((i, j, k), grown, strict=True)
            ]
            marks.voxels[tuple(near)] = 1
    return marks


def build_lasso(prompt: Prompt, shape_ijk: Index) -> Marks:
    """The voxels within the polygon and its corners, in the slice that all points lie in."""
    marks = _build_empty(prompt.points, shape_ijk, [0, 0, 0])
    axis = prompt.flat_axes[-1]
    low = np.array([span[0] for span in marks.bounds])
    points = np.array(prompt.points) - low
    others = [other for other in range(3) if other != axis]
    flat = marks.voxels.take(0, axis=axis)
    inside = polygon2mask(flat.shape, points[:, others])
    inside[points[:, others[0]], points[:, others[1]]] = True
    marks.voxels[...] = np.expand_dims(inside, axis)
    return marks


def build_box(prompt: Prompt) -> list[list[int]]:
    """First and past-the-last index of each axis."""
    pairs = zip(*prompt.points, strict=True)
    return [[min(pair), max(pair) + 1] for pair in pairs]


def _build_empty(points: Sequence[Index], shape_ijk: Index, more: Sequence[int]) -> Marks:
    bounds = [
        [max(0, min(along) - wide), min(size, max(along) + wide + 1)]
        for along, wide, size in zip(zip(*points, strict=True), more, shape_ijk, strict=True)
    ]
    voxels = np.zeros([high - low for low, high in bounds], np.uint8)
    return Marks(voxels=voxels, bounds=bounds)
