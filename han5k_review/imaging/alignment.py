"""Alignment: the exact permutation and flips that bring one grid's array onto another grid."""

from __future__ import annotations

import numpy as np

from han5k_review.imaging.grid import Grid, Reorientation


def find_alignment(grid: Grid, target: Grid) -> Reorientation | None:
    """The permutation and flips that turn an array on `grid` into one on `target`.

    None when no permutation does: then the two grids do not hold the same voxels. How near is near
    enough says `Grid.is_near`, for import and revision, for a whole grid and a part alike.
    """
    step = np.linalg.inv(target.affine[:3, :3]) @ grid.affine[:3, :3]
    axes = [int(a) for a in np.abs(step).argmax(axis=0)]
    if sorted(axes) != [0, 1, 2]:
        return None
    order = (axes.index(0), axes.index(1), axes.index(2))
    flips = (step[0, order[0]] < 0, step[1, order[1]] < 0, step[2, order[2]] < 0)
    change = Reorientation(
        permutation=order, flips=(bool(flips[0]), bool(flips[1]), bool(flips[2]))
    )
    return change if grid.reoriented(change).is_near(target) else None
