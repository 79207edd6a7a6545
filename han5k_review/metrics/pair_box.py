"""The smallest box that holds both masks of a pair: nothing outside it is ever looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from han5k_review.metrics.inputs import BoolArray

IndexBox = tuple[slice, slice, slice]
Index = tuple[int, int, int]

_NOTHING = np.zeros((0, 0, 0), dtype=np.bool_)


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
    """Return the tight box of `mask`, None when it has no voxel.

    Looks at whole slabs of memory from both ends, then at what lies between them: each voxel is
    read about once, whatever the order of the axes in memory.
    """
    outer, middle, inner = (int(axis) for axis in np.argsort(mask.strides)[::-1])
    ordered = mask.transpose(outer, middle, inner)
    first = next((n for n, slab in enumerate(ordered) if slab.any()), None)
    if first is None:
        return None
    last = next(n for n in range(len(ordered) - 1, -1, -1) if ordered[n].any())
    shadow: BoolArray = np.logical_or.reduce(ordered[first : last + 1], axis=0)
    box = {outer: slice(first, last + 1)}
    for axis, filled in ((middle, shadow.any(axis=1)), (inner, shadow.any(axis=0))):
        places = np.flatnonzero(filled)
        box[axis] = slice(int(places[0]), int(places[-1]) + 1)
    return (box[0], box[1], box[2])


def join_boxes(one: IndexBox | None, other: IndexBox | None) -> IndexBox | None:
    """Return the smallest box that holds both, None when there is none."""
    if one is None or other is None:
        return one or other
    i, j, k = (
        slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in zip(one, other, strict=True)
    )
    return (i, j, k)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedPair:
    """Two masks in one box of `shape`, each held as its own smaller box and where that begins.

    Either array may be empty. Indices follow the axes of the arrays they came from.
    """

    shape: tuple[int, int, int]
    reference: BoolArray
    reference_start: Index
    prediction: BoolArray
    prediction_start: Index

    def dense(self) -> tuple[BoolArray, BoolArray]:
        """Both masks as arrays of `shape`."""
        return (
            _spread(self.reference, self.reference_start, self.shape),
            _spread(self.prediction, self.prediction_start, self.shape),
        )


def crop_pair(reference: BoolArray, prediction: BoolArray) -> PlacedPair:
    """Return both masks of one grid, as views of their boxes, in the smallest box for both."""
    boxes = find_box(reference), find_box(prediction)
    cropped = [
        mask[box] if box else _NOTHING
        for mask, box in zip((reference, prediction), boxes, strict=True)
    ]
    return _place(cropped[0], boxes[0], cropped[1], boxes[1])


def place_pair(reference: CroppedMask, prediction: CroppedMask) -> PlacedPair:
    """Return two cropped masks of one grid in the smallest box that holds both their boxes."""
    return _place(reference.voxels, _box_of(reference), prediction.voxels, _box_of(prediction))


def _place(
    reference: BoolArray, box: IndexBox | None, prediction: BoolArray, other: IndexBox | None
) -> PlacedPair:
    joined = join_boxes(box, other)
    origin = _start(joined) if joined else (0, 0, 0)
    return PlacedPair(
        shape=_size(joined) if joined else (0, 0, 0),
        reference=reference,
        reference_start=_minus(_start(box), origin) if box else (0, 0, 0),
        prediction=prediction,
        prediction_start=_minus(_start(other), origin) if other else (0, 0, 0),
    )


def _box_of(mask: CroppedMask) -> IndexBox | None:
    if mask.voxels.size == 0:
        return None
    i, j, k = (
        slice(int(start), int(start) + size)
        for start, size in zip(mask.start_ijk, mask.voxels.shape, strict=True)
    )
    return (i, j, k)


def _start(box: IndexBox) -> Index:
    return (box[0].start, box[1].start, box[2].start)


def _size(box: IndexBox) -> Index:
    i, j, k = (part.stop - part.start for part in box)
    return (i, j, k)


def _minus(one: Index, other: Index) -> Index:
    return (one[0] - other[0], one[1] - other[1], one[2] - other[2])


def _spread(mask: BoolArray, start: Index, shape: Index) -> BoolArray:
    if mask.shape == shape:
        return mask
    full = np.zeros(shape, dtype=np.bool_)
    if mask.size:
        full[tuple(slice(s, s + n) for s, n in zip(start, mask.shape, strict=True))] = mask
    return full
