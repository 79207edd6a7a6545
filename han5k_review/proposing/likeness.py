"""How alike the corrections of one structure are: whether they change it at the same places.

Each correction is a field of +1 (added) and -1 (taken away), blurred, over the place on the drawn
structure in half sizes from its middle. Two that change the same places have a cosine near one, two
that have nothing in common near nothing. Gains alone do not tell an error of whoever drew from one
of each case: where the CT shows a border, contours that are off at random get better, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from han5k_review.proposing.box import Bools, Box

_BLUR_MM = 4.0
_REACH = 2.0
_POINTS = 24
_LEAST_HALF_MM = 1.0


def measure_likeness(corrections: Sequence[tuple[Box, Bools]]) -> float:
    """The mean cosine (-1 to 1) of all pairs; each is a box and what its contour became.

    A contour that was not changed is like no other.
    """
    fields = [_read_field(box, revised) for box, revised in corrections]
    units = np.stack([field / max(float(np.linalg.norm(field)), 1e-9) for field in fields])
    cosines = units @ units.T
    return float(cosines[np.triu_indices(len(fields), 1)].mean())


def _read_field(box: Box, revised: Bools) -> NDArray[np.float64]:
    """The change at points that are alike between patients, as a row."""
    spacing = np.array(box.spacing_mm)
    inside = np.argwhere(box.drawn) * spacing
    low, high = inside.min(axis=0), inside.max(axis=0)
    half = np.maximum((high - low) / 2, _LEAST_HALF_MM)
    line = np.linspace(-_REACH, _REACH, _POINTS)
    points = np.stack(np.meshgrid(line, line, line, indexing="ij")).reshape(3, -1)
    at = (points * half[:, None] + ((low + high) / 2)[:, None]) / spacing[:, None]
    change = revised.astype(np.float64) - box.drawn
    blurred = gaussian_filter(change, [_BLUR_MM / s for s in box.spacing_mm])
    return np.asarray(map_coordinates(blurred, at, order=1, mode="constant"))
