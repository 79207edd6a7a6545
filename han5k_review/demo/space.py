"""Space: from the voxels of one CT to the coordinates of the standard patient, box by box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.demo.patient import LOWEST_MM, Patient
from han5k_review.demo.solid import Float, Points, Solid, Triple
from han5k_review.imaging.grid import Grid

Box = tuple[slice, slice, slice]
_TILE = (48, 96, 96)
_MARGIN_MM = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Space:
    """Atlas coordinates of a CT's voxels: an affine plus a smooth bending of a few mm.

    The bending moves x by a function of (j, k), y of (i, k), z of (i, j): it keeps volumes and is
    cheap. `folds` and `grain` are periodic tiles (k, j, i) of smooth noise (see `Points`). Boxes of
    points lie in memory with i fastest, as the CT does.
    """

    grid: Grid
    to_atlas: NDArray[np.float64]
    bends: tuple[Float, Float, Float]
    folds: Float
    grain: Float

    def box(self, solid: Solid, step: int = 1) -> Box | None:
        """The voxels that may hold `solid`, or None when it lies outside the image."""
        corners = np.array([[x, y, z, 1.0] for x, y, z in _corners(solid)])
        voxels = (corners @ np.linalg.inv(self.to_atlas).T)[:, :3]
        slack = (max(float(np.abs(b).max()) for b in self.bends) + _MARGIN_MM) / np.array(
            self.grid.spacing_mm
        )
        low = np.maximum(np.floor(voxels.min(axis=0) - slack), 0).astype(int)
        high = np.minimum(np.ceil(voxels.max(axis=0) + slack) + 1, self.grid.shape).astype(int)
        low[:2] -= low[:2] % step
        if (low >= high).any():
            return None
        i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return (i, j, k)

    def points(self, box: Box, step: int = 1) -> Points:
        """Atlas coordinates and textures of `box`, every `step`-th voxel in the plane."""
        spans = (_strided(box[0], step), _strided(box[1], step), box[2])
        i, j, k = (
            np.arange(span.start, span.stop, span.step or 1, dtype=np.float64).reshape(shape)
            for span, shape in zip(spans, ((1, 1, -1), (1, -1, 1), (-1, 1, 1)), strict=True)
        )
        m = self.to_atlas
        bend_x = self.bends[0][spans[1], spans[2]].T[:, :, None]
        bend_y = self.bends[1][spans[0], spans[2]].T[:, None, :]
        bend_z = self.bends[2][spans[0], spans[1]].T[None, :, :]
        x = _sum(m[0, 1] * j + m[0, 2] * k + m[0, 3] + bend_x, m[0, 0] * i)
        y = _sum(m[1, 0] * i + m[1, 2] * k + m[1, 3] + bend_y, m[1, 1] * j)
        z = _sum(m[2, 0] * i + m[2, 1] * j + m[2, 3] + bend_z, m[2, 2] * k)
        wrapped = [np.mod(v.ravel().astype(int), n) for v, n in zip((k, j, i), _TILE, strict=True)]
        tile = np.ix_(*wrapped)
        return Points(x=x.T, y=y.T, z=z.T, folds=self.folds[tile].T, grain=self.grain[tile].T)

    def voxel_of(self, place_mm: Triple) -> tuple[float, float, float]:
        """The voxel (fractional) of an atlas place, the bending left aside."""
        voxel = np.linalg.inv(self.to_atlas) @ np.array([*place_mm, 1.0])
        return (float(voxel[0]), float(voxel[1]), float(voxel[2]))


def build_space(patient: Patient, rng: np.random.Generator) -> Space:
    """The space of a patient; `rng` draws the texture tiles."""
    grid = patient.build_grid()
    spacing = np.array(grid.spacing_mm)
    middle = (np.array(grid.shape) - 1) / 2 * spacing
    origin = np.array(
        [
            middle[0] + patient.centre_mm[0],
            middle[1] + patient.centre_mm[1],
            -LOWEST_MM * patient.scale[2],
        ]
    )
    turn = np.diag(1 / np.array(patient.scale)) @ patient.rotation.T
    matrix = np.eye(4)
    matrix[:3, :3] = turn * spacing
    matrix[:3, 3] = -turn @ origin
    waves = list(_waves(patient, grid))
    return Space(
        grid=grid,
        to_atlas=matrix,
        bends=(waves[0], waves[1], waves[2]),
        folds=_tile(rng, (1.4, 3.4, 3.4)),
        grain=_tile(rng, (0.5, 1.0, 1.0)),
    )


def _waves(patient: Patient, grid: Grid) -> Iterator[Float]:
    axes = [np.arange(n) * s for n, s in zip(grid.shape, grid.spacing_mm, strict=True)]
    for n, (a, b) in enumerate(((1, 2), (0, 2), (0, 1))):
        (size, length, phase), (size2, length2, phase2) = patient.bend[2 * n : 2 * n + 2]
        first, second = axes[a][:, None], axes[b][None, :]
        wave = size * np.sin(2 * np.pi * (second + 0.3 * first) / length + phase)
        wave = wave + size2 * np.sin(2 * np.pi * (first - 0.4 * second) / length2 + phase2)
        yield wave.astype(np.float32)


def _tile(rng: np.random.Generator, sigma: tuple[float, float, float]) -> Float:
    smooth = ndimage.gaussian_filter(
        rng.standard_normal(_TILE, dtype=np.float32), sigma, mode="wrap"
    )
    return np.asarray(smooth / smooth.std(), dtype=np.float32)


def _corners(solid: Solid) -> list[tuple[float, float, float]]:
    low, high = solid.low, solid.high
    return [
        (x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])
    ]


def _strided(span: slice, step: int) -> slice:
    return slice(span.start, span.stop, step)


def _sum(plane: NDArray[np.floating], line: NDArray[np.floating]) -> Float:
    return plane.astype(np.float32) + line.astype(np.float32)
