"""Outlines: the slices of a mask -> closed polygons that, filled by centre, are the mask again.

Marching squares (Lorensen & Cline 1987, in two dimensions; scikit-image) at 0.5 on the padded
slice: every crossing lies half-way between a centre inside and one outside, so that rounding to
a DICOM number never moves a centre across. Points on a straight line are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage import measure

from han5k_review.imaging.dicom.keyholes import join_holes
from han5k_review.imaging.mask import StructureMask

_LEVEL = 0.5
_PAD = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """One closed polygon on slice `k`: `points_ij` (n, 2) in voxels of the mask's grid."""

    k: int
    points_ij: NDArray[np.float64]


def build_outlines(mask: StructureMask, *, keyholes: bool = False) -> list[Outline]:
    """The polygons of every slice of a mask, holes among them, from the lowest slice up.

    With `keyholes` no polygon is a hole: each hole is joined to the polygon around it.
    """
    outlines: list[Outline] = []
    start = np.array(mask.start_ijk[:2], dtype=np.float64)
    padded = np.pad(mask.voxels, ((_PAD, _PAD), (_PAD, _PAD), (0, 0)))
    for k in range(mask.voxels.shape[2]):
        plane = padded[:, :, k].astype(np.float64, order="C")
        lines = measure.find_contours(plane, _LEVEL)
        polygons = [_corners(np.asarray(line[:-1], dtype=np.float64)) for line in lines]
        outlines += [
            Outline(k=k + mask.start_ijk[2], points_ij=points - _PAD + start)
            for points in (join_holes(polygons) if keyholes else polygons)
        ]
    return outlines


def _corners(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The points of a closed polygon at which it turns."""
    before = points - np.roll(points, 1, axis=0)
    after = np.roll(points, -1, axis=0) - points
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    corners: NDArray[np.float64] = points[turns != 0]
    return corners
