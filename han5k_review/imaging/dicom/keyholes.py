"""Keyholes: polygons with holes -> polygons without, for tools that fill contours one by one.

Each hole is joined to the polygon around it by a way there and back that encloses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from skimage.measure import points_in_poly

Polygon = NDArray[np.float64]


def join_holes(polygons: Sequence[Polygon]) -> list[Polygon]:
    """The outer polygons of one slice, each with its holes joined to it: points (n, 2) in voxels.

    Polygons run round what is inside in one sense and round holes in the other, as marching
    squares gives them; they do not touch.
    """
    areas = [_measure_area(polygon) for polygon in polygons]
    joined = {n: polygons[n] for n, area in enumerate(areas) if area > 0}
    holes = sorted((n for n, area in enumerate(areas) if area <= 0), key=lambda n: areas[n])
    for hole in holes:
        owner = min(
            (n for n in joined if _is_around(polygons[n], polygons[hole])), key=lambda n: areas[n]
        )
        joined[owner] = _splice(joined[owner], polygons[hole])
    return list(joined.values())


def _is_around(outer: Polygon, hole: Polygon) -> bool:
    return bool(points_in_poly(hole[:1], outer)[0])


def _measure_area(points: Polygon) -> float:
    """Twice the signed area: above 0 where marching squares ran round what is inside."""
    after = np.roll(points, -1, axis=0)
    return float((points[:, 1] * after[:, 0] - points[:, 0] * after[:, 1]).sum())


def _splice(outer: Polygon, hole: Polygon) -> Polygon:
    """One polygon: along `outer`, over to the nearest point of `hole`, round it, and back."""
    here, there = np.unravel_index(cdist(outer, hole).argmin(), (len(outer), len(hole)))
    return np.concatenate(
        [outer[: here + 1], hole[there:], hole[: there + 1], outer[here:]],
    )
