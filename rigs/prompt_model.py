"""What the prompt server of tests answers: regions of like HU that grow from a prompt.

No network and no weights, so that a test works out the same answer for itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Span = tuple[int, int]
Bounds = tuple[Span, Span, Span]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How far it grows: HU beside the mean below the seeds, and voxels beside their box."""

    tolerance_hu: float = 120.0
    reach: int = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Voxels (i, j, k) of a box; `bounds`: first and past-the-last index of each axis."""

    bounds: Bounds
    inside: NDArray[np.bool_]

    @property
    def place(self) -> tuple[slice, ...]:
        """Where the box lies in the whole."""
        return tuple(slice(*span) for span in self.bounds)


def find_seed(point: tuple[int, ...]) -> Part:
    """One voxel."""
    i, j, k = ((at, at + 1) for at in point)
    return Part(bounds=(i, j, k), inside=np.ones((1, 1, 1), np.bool_))


def grow_part(
    hu: NDArray[np.int16], seeds: Part, growth: Growth, within: Bounds | None = None
) -> Part:
    """Voxels of like HU that hang together, by faces, with the seeds; seeds included."""
    bounds = within or _around(seeds.bounds, hu.shape, growth.reach)
    near = np.zeros([high - low for low, high in bounds], np.bool_)
    near[
        tuple(
            slice(low - own, high - own)
            for (low, high), (own, _) in zip(seeds.bounds, bounds, strict=True)
        )
    ] = seeds.inside
    part = hu[tuple(slice(*span) for span in bounds)].astype(np.float64)
    like = (np.abs(part - part[near].mean()) <= growth.tolerance_hu) | near
    labels, _ = ndimage.label(like)
    return Part(bounds=bounds, inside=np.isin(labels, np.unique(labels[near])))


def grow(
    hu: NDArray[np.int16], seeds: NDArray[np.bool_], growth: Growth, within: Bounds | None = None
) -> NDArray[np.bool_]:
    """The same in the whole CT, from seeds in the whole CT."""
    spans = [(int(at.min()), int(at.max()) + 1) for at in np.nonzero(seeds)]
    bounds = (spans[0], spans[1], spans[2])
    inside = seeds[tuple(slice(*span) for span in bounds)]
    part = grow_part(hu, Part(bounds=bounds, inside=inside), growth, within)
    grown = np.zeros(hu.shape, dtype=np.bool_)
    grown[part.place] = part.inside
    return grown


def mark_point(shape: tuple[int, ...], point: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask with this voxel alone."""
    marked = np.zeros(shape, dtype=np.bool_)
    marked[point] = True
    return marked


def join(mask: NDArray[np.bool_], grown: NDArray[np.bool_], *, include: bool) -> NDArray[np.bool_]:
    """The contour with what grew, or without it."""
    return mask | grown if include else mask & ~grown


def _around(bounds: Bounds, shape: tuple[int, ...], reach: int) -> Bounds:
    i, j, k = (
        (max(0, low - reach), min(size, high + reach))
        for (low, high), size in zip(bounds, shape, strict=True)
    )
    return i, j, k
