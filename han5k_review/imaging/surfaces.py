"""Surfaces: triangle meshes of masks for 3-D pictures. For looking at, never for measuring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

from han5k_review.imaging.mask import StructureMask

DEFAULT_STEP_MM = 2.0
_LEVEL = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """`points_ras_mm` (n, 3) float32 and `triangles` (m, 3) int32 indices into them."""

    points_ras_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]

    @property
    def is_empty(self) -> bool:
        """True for the surface of an empty mask."""
        return self.triangles.size == 0


def build_surface(mask: StructureMask, step_mm: float = DEFAULT_STEP_MM) -> Surface:
    """Marching cubes (Lewiner 2003, scikit-image) on the mask, resampled to about `step_mm`.

    The resampling (linear, never finer than the mask's own grid) is what decimates: a thin
    structure keeps its own grid where fewer than four steps would cross it.
    """
    if mask.is_empty:
        nothing = np.zeros((0, 3))
        return Surface(points_ras_mm=nothing.astype(np.float32), triangles=nothing.astype(np.int32))
    padded = np.pad(mask.voxels, 2).astype(np.float32)
    steps = [
        _step(size, spacing, step_mm)
        for size, spacing in zip(mask.voxels.shape, mask.grid.spacing_mm, strict=True)
    ]
    coarse = ndimage.zoom(padded, [1 / s for s in steps], order=1, grid_mode=False)
    if coarse.max() <= _LEVEL or coarse.min() >= _LEVEL:
        coarse = padded
    scale = [(p - 1) / max(c - 1, 1) for p, c in zip(padded.shape, coarse.shape, strict=True)]
    vertices, triangles, _, _ = measure.marching_cubes(coarse, _LEVEL)
    inside = vertices * np.array(scale) - 2 + np.array(mask.start_ijk)
    return Surface(
        points_ras_mm=mask.grid.points_ras_mm(inside).astype(np.float32),
        triangles=triangles.astype(np.int32),
    )


def _step(size: int, spacing_mm: float, step_mm: float) -> float:
    """Voxels per step along one axis: at least one, and at least four steps per structure."""
    return max(1.0, min(step_mm / spacing_mm, size / 4))
