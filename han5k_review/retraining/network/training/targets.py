"""Targets: one label map per case from its trusted masks, for a network that knows no overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`values` is (i, j, k) int16: 0 background, label values, and `ignore_value` at conflicts."""

    values: NDArray[np.int16]
    ignore_value: int
    ignored_voxels: int


def build_target(
    masks: Mapping[str, StructureMask],
    labels: Mapping[str, int],
    grid: Grid,
    nested: Mapping[str, str],
    ignored: StructureMask | None = None,
) -> Target:
    """Write the trusted masks of one case into one label map.

    `labels` are the model's label values. Where a structure lies in the one that `nested` names
    as its container, the inner one wins (the prediction adds it back to its container). Where
    any other two trusted masks meet, the voxel gets `ignore_value`, one above all labels; so do
    the voxels of `ignored` that no trusted mask holds.
    Untrusted masks are not given to this function, so they cannot have any influence.
    """
    ignore_value = max(labels.values()) + 1
    values = np.zeros(grid.shape, dtype=np.int16)
    containers = {labels[inner]: labels[outer] for inner, outer in nested.items()}
    for name in sorted(masks, key=lambda n: labels[n]):
        mask, value = masks[name], labels[name]
        if mask.is_empty:
            continue
        region = values[mask.slices]
        before = region[mask.voxels]
        after = np.where(before == 0, np.int16(value), np.int16(ignore_value))
        if value in containers:
            after[before == containers[value]] = value
        for inner, outer in containers.items():
            if outer == value:
                after[before == inner] = inner
        region[mask.voxels] = after
    if ignored is not None and not ignored.is_empty:
        region = values[ignored.slices]
        region[ignored.voxels & (region == 0)] = ignore_value
    return Target(
        values=values,
        ignore_value=ignore_value,
        ignored_voxels=int(np.count_nonzero(values == ignore_value)),
    )


def share_inside(inner: StructureMask, outer: StructureMask) -> float:
    """Share of `inner` that lies in `outer`; 0 when `inner` is empty."""
    if inner.is_empty or outer.is_empty:
        return 0.0
    return float(np.count_nonzero(outer.dense()[inner.slices] & inner.voxels)) / inner.voxel_count
