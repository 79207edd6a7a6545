"""Pieces of a mask: voxels that touch by a face, an edge or a corner are one piece."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects, label

BoolArray = NDArray[np.bool_]
NEIGHBOURS = 26
"""Voxels a voxel of a volume touches; nnU-Net's own removal of small pieces counts them too."""


def share_of_largest(inside: BoolArray) -> float:
    """Voxels of the largest piece of a mask (i, j, k) as a share of all; 0 when there is none."""
    sizes = _label(inside)[1]
    return float(sizes.max() / sizes.sum()) if sizes.size else 0.0


def keep_largest(inside: BoolArray) -> BoolArray:
    """The largest piece of a mask (i, j, k); of equal ones, the first in the array's order.

    What is empty or one piece comes back as it is.
    """
    box = find_objects(inside.view(np.uint8))
    if not box:
        return inside
    pieces, sizes = _label(inside[box[0]])
    if sizes.size < 2:
        return inside
    kept = np.zeros_like(inside)
    kept[box[0]] = pieces == int(sizes.argmax()) + 1
    return kept


def _label(inside: BoolArray) -> tuple[NDArray[np.integer[Any]], NDArray[np.integer[Any]]]:
    """The number of each voxel's piece from 1 on, in the array's order, and the pieces' sizes."""
    pieces, count = label(inside, structure=np.ones((3,) * inside.ndim))
    return pieces, np.bincount(pieces.ravel(), minlength=count + 1)[1:]
