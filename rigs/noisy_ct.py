"""A head as a scanner gives it: with noise in every voxel, so that it packs as a real CT does.

The demo's CT packs to 7 MB; a real one of 512 x 512 x 181 to some 40 MB. What is measured of lines
and servers needs the bytes of a real one; who is pictured does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume

FULL_SHAPE = (512, 512, 181)
_NOISE_HU = 22.0
_AIR_HU, _SOFT_HU = -1000, 40


def make_head_grid(shape_ijk: tuple[int, int, int] = FULL_SHAPE) -> Grid:
    """A field of 500 mm and slices of 2 mm in LPS axes, whatever the matrix."""
    pixel_mm = 500.0 / shape_ijk[0]
    return Grid.from_affine(shape_ijk, np.diag([-pixel_mm, -pixel_mm, 2.0, 1.0]))


def build_noisy_ct(grid: Grid, seed: int = 1) -> CtVolume:
    """An ellipse of soft tissue in air, the same in each slice, with Gaussian noise everywhere."""
    dice = np.random.default_rng(seed)
    i, j = (np.linspace(-1, 1, n) for n in grid.shape[:2])
    head = (i[:, None] / 0.6) ** 2 + (j[None, :] / 0.8) ** 2 <= 1
    flat = np.where(head, _SOFT_HU, _AIR_HU).astype(np.float32)
    hu = np.empty(grid.shape, dtype=np.int16, order="F")
    for k in range(grid.shape[2]):
        noise = dice.standard_normal(flat.shape, dtype=np.float32)
        hu[:, :, k] = np.clip(flat + _NOISE_HU * noise, -1024, 3071)
    return CtVolume(grid=grid, hu=hu)


def build_organs(grid: Grid, names: Sequence[str], seed: int = 1) -> dict[str, StructureMask]:
    """An ellipsoid for each name, of 5 to 40 mm radius, somewhere within the head."""
    dice = np.random.default_rng(seed)
    spacing = np.array(grid.spacing_mm)
    shape = np.array(grid.shape)
    organs = {}
    for name in names:
        centre = shape * dice.uniform((0.35, 0.3, 0.2), (0.65, 0.7, 0.8))
        radii = np.minimum(dice.uniform(5, 40) * dice.uniform(0.6, 1, 3) / spacing, shape / 6)
        low = np.floor(centre - radii).astype(int)
        high = np.ceil(centre + radii).astype(int) + 1
        box = _fill(centre - low, radii, high - low)
        organs[name] = StructureMask.from_box(box, (int(low[0]), int(low[1]), int(low[2])), grid)
    return organs


def _fill(
    centre: NDArray[np.float64], radii: NDArray[np.float64], size: NDArray[np.int_]
) -> NDArray[np.bool_]:
    parts = [((np.arange(n) - c) / r) ** 2 for n, c, r in zip(size, centre, radii, strict=True)]
    i, j, k = np.ix_(*parts)
    return np.asarray(i + j + k <= 1)
