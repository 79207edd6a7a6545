"""Placement: how the voxels of a label file get onto the grid of their CT, exactly.

A file may hold the whole grid in any axis order, or a part of it (3D Slicer crops to what is
drawn): then what lies around the part is background. One rule for every file that comes in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from han5k_review.errors import GeometryError
from han5k_review.imaging.alignment import find_alignment
from han5k_review.imaging.grid import NEAR_VOXELS, Grid, Reorientation

RESAMPLE_FIRST = "Resample the labels to the CT, or give the CT they were drawn on."
_DIRECTIONS = (("left", "right"), ("back", "front"), ("feet", "head"))  # RAS, below and above 0
_SHOWN_MM = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """`change` turns the file's array into the axes of `target`, where it begins at `start_ijk`."""

    target: Grid
    change: Reorientation
    start_ijk: tuple[int, int, int]

    def start_of(self, start_ijk: tuple[int, int, int]) -> tuple[int, int, int]:
        """Where a box of the turned array begins in the target."""
        i, j, k = (a + b for a, b in zip(self.start_ijk, start_ijk, strict=True))
        return (i, j, k)


def find_placement(grid: Grid, target: Grid) -> Placement | None:
    """Where a file's `grid` lies in `target`; None when its voxels are not voxels of `target`.

    How near is near enough is said in `alignment`, for the whole grid and for a part alike.
    """
    start_ijk, shape = (0, 0, 0), target.shape
    if sorted(grid.shape) != sorted(target.shape):
        box = _find_box(grid, target)
        if box is None:
            return None
        start_ijk, shape = box
    change = find_alignment(grid, target.cropped(start_ijk, shape))
    return None if change is None else Placement(target=target, change=change, start_ijk=start_ijk)


def get_placement(
    grid: Grid, target: Grid, source: str, *, remedy: str = RESAMPLE_FIRST
) -> Placement:
    """As `find_placement`, but GeometryError naming both geometries, and what differs.

    `source` names the file whose grid is `grid`; `remedy` is a sentence on what to do.
    """
    place = find_placement(grid, target)
    if place is None:
        turned = grid.reoriented(grid.reorientation_to_lps())
        in_lps = "" if turned == grid else f" (in LPS axes: {turned.describe()})"
        raise GeometryError(
            f"{source}: labels on the grid of their CT were expected; the CT is "
            f"{target.describe()}; the labels are {grid.describe()}{in_lps}. "
            f"{_describe_apart(turned, target)}{remedy}"
        )
    return place


def _find_box(grid: Grid, target: Grid) -> tuple[tuple[int, int, int], tuple[int, int, int]] | None:
    """(start, shape) of the voxels of `target` that `grid` spans; None when it leaves `target`."""
    ends = np.array([[0, 0, 0, 1], [*(n - 1 for n in grid.shape), 1]], dtype=float)
    places = (ends @ (np.linalg.inv(target.affine) @ grid.affine).T)[:, :3]
    if not np.isfinite(places).all() or np.abs(places).max() > 2**31:
        return None
    start = np.rint(places.min(axis=0)).astype(int)
    stop = np.rint(places.max(axis=0)).astype(int) + 1
    if (start < 0).any() or (stop > np.array(target.shape)).any():
        return None
    i, j, k = (int(n) for n in start)
    ni, nj, nk = (int(n) for n in stop - start)
    return (i, j, k), (ni, nj, nk)


def _describe_apart(turned: Grid, target: Grid) -> str:
    """A sentence on two grids of one size: what differs, or how far the worst voxel is off."""
    offset = _describe_offset(turned, target)
    if offset or turned.shape != target.shape:
        return offset
    limit_mm = NEAR_VOXELS * min(target.spacing_mm)
    return (
        f"Voxel centres are up to {turned.measure_apart_mm(target):.3f} mm apart; up to "
        f"{limit_mm:.3f} mm, a tenth of a voxel, count as rounding. "
    )


def _describe_offset(turned: Grid, target: Grid) -> str:
    """A sentence where only the origin differs: how far, and to which side of the patient."""
    offset_mm = turned.affine[:3, 3] - target.affine[:3, 3]
    moved = turned.affine
    moved[:3, 3] = target.affine[:3, 3]
    if find_alignment(Grid.from_affine(turned.shape, moved), target) is None:
        return ""
    steps = [
        f"{abs(mm):.2f} mm to the patient's {names[int(mm > 0)]}"
        for mm, names in zip(offset_mm, _DIRECTIONS, strict=True)
        if abs(mm) >= _SHOWN_MM
    ]
    return f"Only the origin differs: the file lies {', '.join(steps)} of the CT. "
