"""Flat masks: a label map gives each voxel to one structure, so that overlaps cannot be told.

flat = flatten_masks(masks)                    # for a program that knows no overlaps
masks = restore_overlaps(masks, drawn)         # what comes back, with the overlaps of before
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.mask import StructureMask

BoolArray = NDArray[np.bool_]


def flatten_masks(masks: Mapping[str, StructureMask]) -> dict[str, StructureMask]:
    """Masks of one grid without overlaps: where some meet, the smallest keeps the voxel.

    What has no voxel, or none left, is left out; the order is that of `masks`.
    """
    filled = {name: mask for name, mask in masks.items() if not mask.is_empty}
    if not filled:
        return {}
    grid = next(iter(filled.values())).grid
    owners = np.zeros(grid.shape, dtype=np.uint16)
    numbers = {name: number for number, name in enumerate(filled, start=1)}
    for name in sorted(filled, key=lambda one: -filled[one].voxel_count):
        owners[filled[name].slices][filled[name].voxels] = numbers[name]
    flat = {}
    for name, mask in filled.items():
        left = owners[mask.slices] == numbers[name]
        if left.any():
            flat[name] = StructureMask.from_box(left, mask.start_ijk, grid)
    return flat


def has_overlaps(masks: Mapping[str, StructureMask]) -> bool:
    """Is there a voxel that two of these masks share?"""
    filled = [mask for mask in masks.values() if not mask.is_empty]
    return any(
        bool((cut_out(one, other.slices) & other.voxels).any())
        for one, other in combinations(filled, 2)
    )


def restore_overlaps(
    before: Mapping[str, StructureMask], after: Mapping[str, StructureMask]
) -> dict[str, StructureMask]:
    """`after`, a flat map, with the overlaps of `before` that it could not hold.

    A voxel that two structures shared comes back in at most one of them. Where that one still has
    it, nothing was said about the other, which keeps it.
    """
    restored = dict(after)
    for name in before.keys() & after.keys():
        old, window = before[name], before[name].slices
        lost = old.voxels & ~cut_out(after[name], window)
        kept = np.zeros_like(lost)
        for other in (before.keys() & after.keys()) - {name} if lost.any() else ():
            kept |= lost & cut_out(before[other], window) & cut_out(after[other], window)
        if kept.any() and not after[name].is_empty:
            restored[name] = _join(
                after[name], StructureMask.from_box(kept, old.start_ijk, old.grid)
            )
    return restored


def cut_out(mask: StructureMask, window: tuple[slice, slice, slice]) -> BoolArray:
    """The part of a mask (i, j, k) in a window of its grid."""
    part = np.zeros([side.stop - side.start for side in window], dtype=np.bool_)
    here, there = [], []
    for side, box in zip(window, mask.slices, strict=True):
        first, last = max(side.start, box.start), min(side.stop, box.stop)
        if first >= last:
            return part
        here.append(slice(first - side.start, last - side.start))
        there.append(slice(first - box.start, last - box.start))
    part[tuple(here)] = mask.voxels[tuple(there)]
    return part


def _join(one: StructureMask, other: StructureMask) -> StructureMask:
    sides = [
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(one.slices, other.slices, strict=True)
    ]
    window = (sides[0], sides[1], sides[2])
    start = (window[0].start, window[1].start, window[2].start)
    return StructureMask.from_box(cut_out(one, window) | cut_out(other, window), start, one.grid)
