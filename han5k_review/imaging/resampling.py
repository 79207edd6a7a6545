"""Resampling a mask onto another grid: nearest neighbour, and what it did to the volume."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import ndimage

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask

_PAD = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """From which grid a mask came, and its volume there and here."""

    source: Grid
    volume_before_cc: float
    volume_after_cc: float

    def describe(self) -> str:
        """One sentence for people."""
        change = "its volume was 0"
        if self.volume_before_cc:
            percent = round(100 * (self.volume_after_cc / self.volume_before_cc - 1), 1) + 0.0
            change = f"its volume changed by {percent:+.1f} %"
        return (
            f"Resampled (nearest neighbour) from {self.source.describe()}: {change}, from "
            f"{self.volume_before_cc:.2f} to {self.volume_after_cc:.2f} cc."
        )


def resample_mask(mask: StructureMask, target: Grid) -> tuple[StructureMask, Resampling]:
    """The mask on `target`: each voxel takes the value of the nearest voxel of the mask's grid.

    Only the part of `target` around the mask is looked at. What lies outside `target` is lost,
    which the volumes tell.
    """
    found = StructureMask.empty(target) if mask.is_empty else _resample(mask, target)
    return found, Resampling(
        source=mask.grid,
        volume_before_cc=mask.volume_cc,
        volume_after_cc=found.volume_cc,
    )


def _resample(mask: StructureMask, target: Grid) -> StructureMask:
    source_to_target = np.linalg.inv(target.affine) @ mask.box_grid.affine
    ends = [(-0.5, n - 0.5) for n in mask.voxels.shape]
    corners = np.array([(*corner, 1.0) for corner in product(*ends)]) @ source_to_target.T
    low = np.maximum(np.floor(corners[:, :3].min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners[:, :3].max(axis=0)).astype(int) + 1, target.shape)
    if (high <= low).any():
        return StructureMask.empty(target)
    back = np.linalg.inv(source_to_target)
    offset = back[:3, :3] @ low + back[:3, 3] + _PAD
    box = ndimage.affine_transform(
        np.pad(mask.voxels, _PAD).astype(np.uint8),
        back[:3, :3],
        offset=offset,
        output_shape=tuple(high - low),
        order=0,
        mode="constant",
        cval=0,
    )
    return StructureMask.from_box(box, (int(low[0]), int(low[1]), int(low[2])), target)
