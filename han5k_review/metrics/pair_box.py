"""The smallest box that holds both masks of a pair: nothing outside it is ever looked at."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from han5k_review.metrics.inputs import BoolArray

IndexBox = tuple[slice, slice, slice]


class CroppedMask(Protocol):
    """A mask held as its box: `voxels` (i, j, k) bool begins at `start_ijk` of its grid.

    An empty mask has voxels of shape (0, 0, 0). Both masks of a pair must lie in one grid.
    """

    @property
    def start_ijk(self) -> tuple[int, int, int]:
        """Index of the first voxel of the box in the grid."""
        ...

    @property
    def voxels(self) -> BoolArray:
        """The box (i, j, k), bool."""
        ...


def find_box(mask: BoolArray) -> IndexBox | None:
    """Return the tight box of `mask`, None when it has no voxel."""
    box: list[slice] = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        filled = np.flatnonzero(mask.any(axis=others))
        if filled.size == 0:
            return None
        box.append(slice(int(filled[0]), int(filled[-1]) + 1))
    return (box[0], box[1], box[2])


def join_boxes(one: IndexBox | None, other: IndexBox | None) -> IndexBox | None:
    """Return the smallest box that holds both, None when there is none."""
    if one is None or other is None:
        return one or other
    i, j, k = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return (i, j, k)


def crop_pair(reference: BoolArray, prediction: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Return both masks of one grid as views of the smallest box that holds both."""
    box = join_boxes(find_box(reference), find_box(prediction))
    if box is None:
        nothing = np.zeros((0, 0, 0), dtype=np.bool_)
        return nothing, nothing
    return reference[box], prediction[box]


def place_pair(reference: CroppedMask, prediction: CroppedMask) -> tuple[BoolArray, BoolArray]:
    """Return two cropped masks as arrays of one shape: the box that holds both boxes."""
    box = join_boxes(_box_of(reference), _box_of(prediction))
    if box is None:
        nothing = np.zeros((0, 0, 0), dtype=np.bool_)
        return nothing, nothing
    return _placed(reference, box), _placed(prediction, box)


def _box_of(mask: CroppedMask) -> IndexBox | None:
    if mask.voxels.size == 0:
        return None
    i, j, k = (
        slice(int(start), int(start) + size)
        for start, size in zip(mask.start_ijk, mask.voxels.shape, strict=True)
    )
    return (i, j, k)


def _placed(mask: CroppedMask, box: IndexBox) -> BoolArray:
    shape = tuple(part.stop - part.start for part in box)
    if mask.voxels.shape == shape:
        return mask.voxels
    full = np.zeros(shape, dtype=np.bool_)
    if mask.voxels.size:
        place = tuple(
            slice(start - part.start, start - part.start + size)
            for start, part, size in zip(mask.start_ijk, box, mask.voxels.shape, strict=True)
        )
        full[place] = mask.voxels
    return full
