"""How far several contours of one structure are apart, and where they disagree most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics import Panel, measure_pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Two of the contours, by their place in the list, and their panel (`first` as reference)."""

    first: int
    second: int
    panel: Panel


def measure_agreements(masks: Sequence[StructureMask], tolerance_mm: float) -> list[Agreement]:
    """The panel of every two of the masks, which lie on one grid."""
    _check_one_grid(masks)
    return [
        Agreement(
            first=a,
            second=b,
            panel=measure_pair(
                masks[a], masks[b], masks[a].grid.spacing_mm, tolerance_mm=tolerance_mm
            ),
        )
        for a, b in combinations(range(len(masks)), 2)
    ]


def count_disagreement(masks: Sequence[StructureMask]) -> dict[int, int]:
    """Axial slice k -> voxels that some of the masks hold and some do not, where there are any."""
    _check_one_grid(masks)
    filled = [mask for mask in masks if not mask.is_empty]
    if not filled:
        return {}
    low = np.min([mask.start_ijk for mask in filled], axis=0)
    high = np.max([np.add(mask.start_ijk, mask.voxels.shape) for mask in filled], axis=0)
    votes: NDArray[np.int16] = np.zeros(tuple(high - low), dtype=np.int16)
    for mask in filled:
        i, j, k = (
            slice(s - a, s - a + n)
            for s, a, n in zip(mask.start_ijk, low.tolist(), mask.voxels.shape, strict=True)
        )
        votes[i, j, k] += mask.voxels
    apart = np.count_nonzero((votes > 0) & (votes < len(masks)), axis=(0, 1))
    return {int(k + low[2]): int(apart[k]) for k in np.flatnonzero(apart)}


def find_widest_slice(masks: Sequence[StructureMask]) -> int | None:
    """The axial slice where the masks disagree most, the lowest of equals; None: nowhere."""
    apart = count_disagreement(masks)
    return max(apart, key=lambda k: apart[k]) if apart else None


def _check_one_grid(masks: Sequence[StructureMask]) -> None:
    for mask in masks[1:]:
        if not mask.grid.matches(masks[0].grid):
            raise GeometryError(
                f"Contours on the grid {masks[0].grid.describe()} were expected, found "
                f"{mask.grid.describe()}."
            )
