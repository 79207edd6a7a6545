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


def grow(
    hu: NDArray[np.int16], seeds: NDArray[np.bool_], growth: Growth, within: Bounds | None = None
) -> NDArray[np.bool_]:
    """Voxels (i, j, k) of like HU that hang together, by faces, with the seeds; seeds included."""
    bounds = within or _around(seeds, growth.reach)
    place = tuple(slice(*span) for span in bounds)
    part, near = hu[place].astype(np.float64), seeds[place]
    like = (np.abs(part - part[near].mean()) <= growth.tolerance_hu) | near
    labels, _ = ndimage.label(like)
    grown = np.zeros(hu.shape, dtype=np.bool_)
    grown[place] = np.isin(labels, np.unique(labels[near]))
    return grown


def mark_point(shape: tuple[int, ...], point: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask with this voxel alone."""
    marked = np.zeros(shape, dtype=np.bool_)
    marked[point] = True
    return marked


def join(mask: NDArray[np.bool_], grown: NDArray[np.bool_], *, include: bool) -> NDArray[np.bool_]:
    """The contour with what grew, or without it."""
    return mask | grown if include else mask & ~grown


def _around(seeds: NDArray[np.bool_], reach: int) -> Bounds:
    spans = [
        (max(0, int(found.min()) - reach), min(size, int(found.max()) + reach + 1))
        for found, size in zip(np.nonzero(seeds), seeds.shape, strict=True)
    ]
    return spans[0], spans[1], spans[2]
