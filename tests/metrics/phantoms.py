"""Masks that are drawn, and masks with closed forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Cropped:
    """A cropped mask of the tests' own: any object with these two names will do."""

    start_ijk: tuple[int, int, int]
    voxels: BoolArray


EMPTY = Cropped((0, 0, 0), np.zeros((0, 0, 0), dtype=np.bool_))


def draw(*slices: str) -> BoolArray:
    """A mask (i, j, k) from axial slices: a column is i, a line is j, a drawing is k."""
    drawn = [
        [[mark == "#" for mark in line.strip()] for line in drawing.strip().splitlines()]
        for drawing in slices
    ]
    return np.array(drawn, dtype=np.bool_).transpose(2, 1, 0)


def box(
    shape: tuple[int, int, int], start: tuple[int, int, int], size: tuple[int, int, int]
) -> BoolArray:
    mask = np.zeros(shape, dtype=np.bool_)
    mask[tuple(slice(s, s + n) for s, n in zip(start, size, strict=True))] = True
    return mask


def ball(
    shape: tuple[int, int, int],
    centre_mm: tuple[float, float, float],
    radius_mm: float,
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
) -> BoolArray:
    """Voxels whose centre (index times spacing) lies within the radius."""
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    squares = sum(
        (axis * mm - centre) ** 2
        for axis, mm, centre in zip((i, j, k), spacing_mm, centre_mm, strict=True)
    )
    return np.asarray(squares <= radius_mm**2)


def crop(mask: BoolArray) -> Cropped:
    """The tight box of a mask."""
    if not mask.any():
        return EMPTY
    places = np.argwhere(mask)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    inside = mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return Cropped((int(low[0]), int(low[1]), int(low[2])), inside.copy())
