"""Grid: the shape of a voxel array and where it lies in the patient.

The only place that crosses between RAS (NIfTI) and LPS (DICOM, ITK) coordinates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError

Affine = NDArray[np.float64]
RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_OBLIQUE_COSINE = 0.9999
NEAR_VOXELS = 0.1
"""How far a voxel centre may lie from its counterpart, in smallest spacings: header rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorientation:
    """How to bring an array to LPS axes: first transpose by `permutation`, then flip `flips`."""

    permutation: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def apply(self, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """A view of `array` (i, j, k), of any unit, with its axes permuted and flipped."""
        moved = np.transpose(array, self.permutation)
        return moved[self._steps]

    def undo(self, array: NDArray[np.generic]) -> NDArray[np.generic]:
        """A view of `array` (i, j, k), of any unit, with its axes as they were before `apply`."""
        order = self.permutation
        return np.transpose(array[self._steps], (order.index(0), order.index(1), order.index(2)))

    @property
    def _steps(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1 if flip else 1) for flip in self.flips)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A voxel lattice: `shape` (ni, nj, nk) and `affine_ras`, voxel index -> RAS millimetres.

    The affine is kept as a tuple of four rows, so that grids compare and hash by value.
    Raises GeometryError when the affine is not finite, is singular, or the shape is not positive.
    """

    shape: tuple[int, int, int]
    affine_ras: tuple[tuple[float, float, float, float], ...]

    def __post_init__(self) -> None:
        matrix = np.array(self.affine_ras, dtype=np.float64)
        if matrix.shape != (4, 4):
            raise GeometryError(f"A 4 x 4 affine was expected, found shape {matrix.shape}.")
        if len(self.shape) != 3 or any(n < 1 for n in self.shape):
            raise GeometryError(f"A grid of three positive sizes was expected, found {self.shape}.")
        if not np.isfinite(matrix).all():
            raise GeometryError("A grid with finite spacing and origin was expected, found NaN.")
        if abs(np.linalg.det(matrix[:3, :3])) < 1e-9:
            raise GeometryError("A grid with positive spacing was expected, found a flat one.")

    @classmethod
    def from_affine(cls, shape: Sequence[int], affine_ras: NDArray[np.floating]) -> Grid:
        """Build from an affine (4, 4): voxel indices -> RAS+ in mm."""
        rows = tuple(tuple(float(v) for v in row) for row in np.asarray(affine_ras))
        sizes = tuple(int(n) for n in shape)
        return cls(shape=sizes, affine_ras=rows)  # type: ignore[arg-type]

    @classmethod
    def from_rows(cls, shape: Sequence[int], affine_ras: Sequence[Sequence[float]]) -> Grid:
        """Build from plain lists, as a database or a JSON file holds them."""
        return cls.from_affine(shape, np.array(affine_ras, dtype=np.float64))

    @classmethod
    def from_lps(
        cls,
        shape: Sequence[int],
        spacing_mm: Sequence[float],
        origin_lps_mm: Sequence[float],
        direction_lps: Sequence[float],
    ) -> Grid:
        """Build from ITK's geometry: direction row-major (3 x 3), origin and axes in LPS."""
        matrix = np.eye(4)
        matrix[:3, :3] = np.array(direction_lps, dtype=float).reshape(3, 3) * np.array(spacing_mm)
        matrix[:3, 3] = origin_lps_mm
        return cls.from_affine(shape, RAS_TO_LPS @ matrix)

    @property
    def affine(self) -> Affine:
        """The affine as a fresh float64 array (4, 4): voxel indices -> RAS+ in mm."""
        return np.array(self.affine_ras, dtype=np.float64)

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between voxel centres along i, j, k in mm."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return (float(lengths[0]), float(lengths[1]), float(lengths[2]))

    @property
    def voxel_volume_cc(self) -> float:
        """Volume of one voxel in cubic centimetres."""
        return abs(float(np.linalg.det(self.affine[:3, :3]))) / 1000.0

    @property
    def lps_geometry(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """(spacing_mm, origin_lps_mm, direction_lps row-major) as ITK writes them."""
        matrix = RAS_TO_LPS @ self.affine
        spacing = np.array(self.spacing_mm)
        direction = matrix[:3, :3] / spacing
        return tuple(self.spacing_mm), tuple(matrix[:3, 3]), tuple(direction.ravel())

    @property
    def is_oblique(self) -> bool:
        """True when an axis is turned away from the patient's axes (beyond about 0.8 degrees)."""
        cosines = np.abs(self.affine[:3, :3] / np.array(self.spacing_mm))
        return bool((cosines.max(axis=0) < _OBLIQUE_COSINE).any())

    @property
    def orientation(self) -> str:
        """Three letters: where i, j, k grow to, e.g. `LPS`."""
        letters = (("R", "L"), ("A", "P"), ("S", "I"))
        cosines = self.affine[:3, :3] / np.array(self.spacing_mm)
        axes = _closest_axes(cosines)
        return "".join(letters[a][0 if cosines[a, n] > 0 else 1] for n, a in enumerate(axes))

    def reorientation_to_lps(self) -> Reorientation:
        """The exact permutation and flips that make i grow to L, j to P, k to S."""
        cosines = self.affine[:3, :3]
        axes = _closest_axes(cosines / np.array(self.spacing_mm))
        permutation = (axes.index(0), axes.index(1), axes.index(2))
        wanted = (-1.0, -1.0, 1.0)
        flips = tuple(
            bool(cosines[world, array_axis] * wanted[world] < 0)
            for world, array_axis in enumerate(permutation)
        )
        return Reorientation(permutation=permutation, flips=(flips[0], flips[1], flips[2]))

    def reoriented(self, change: Reorientation) -> Grid:
        """The grid of `change.apply(array)` for an array on this grid."""
        order = list(change.permutation)
        matrix = self.affine[:, [*order, 3]]
        shape = [self.shape[n] for n in order]
        for axis, flip in enumerate(change.flips):
            if flip:
                matrix[:, 3] += matrix[:, axis] * (shape[axis] - 1)
                matrix[:, axis] *= -1
        return Grid.from_affine(shape, matrix)

    def cropped(self, start_ijk: Sequence[int], shape: Sequence[int]) -> Grid:
        """The grid of the box that begins at voxel `start_ijk`."""
        matrix = self.affine
        matrix[:3, 3] += matrix[:3, :3] @ np.array(start_ijk, dtype=float)
        return Grid.from_affine(shape, matrix)

    def is_near(self, other: Grid) -> bool:
        """Same shape, and no voxel centre is further than a tenth of a voxel from its counterpart.

        The one rule for import and revision; the voxel is the smallest spacing of `other`.
        """
        return self.matches(other, tolerance_mm=NEAR_VOXELS * min(other.spacing_mm))

    def matches(self, other: Grid, *, tolerance_mm: float = 0.01) -> bool:
        """Same shape, and no voxel centre is further than `tolerance_mm` from its counterpart."""
        return self.shape == other.shape and self.measure_apart_mm(other) <= tolerance_mm

    def measure_apart_mm(self, other: Grid) -> float:
        """Distance of the worst voxel centre from the one with the same index in `other`.

        The distance of two affines is largest at a corner, so the eight corners are measured.
        """
        corners = np.array([(*c, 1.0) for c in product(*((0, n - 1) for n in self.shape))])
        apart = corners @ (self.affine - other.affine).T
        return float(np.linalg.norm(apart[:, :3], axis=1).max())

    def describe(self) -> str:
        """One phrase for messages: size, spacing, origin (RAS), axes."""
        size = " x ".join(str(n) for n in self.shape)
        spacing = " x ".join(f"{v:.3f}" for v in self.spacing_mm)
        origin = ", ".join(f"{v:.2f}" for v in self.affine[:3, 3])
        return f"{size} voxels of {spacing} mm, origin RAS ({origin}), axes {self.orientation}"

    def points_ras_mm(self, points_ijk: NDArray[np.floating]) -> NDArray[np.float64]:
        """Voxel indices (n, 3), fractions allowed -> RAS (n, 3) in mm."""
        matrix = self.affine
        return np.asarray(points_ijk, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]


def _closest_axes(cosines: NDArray[np.floating]) -> tuple[int, int, int]:
    """For each array axis the world axis (0 = R/L, 1 = A/P, 2 = S/I) it follows most closely."""
    best: tuple[float, tuple[int, int, int]] = (-math.inf, (0, 1, 2))
    for axes in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        fit = sum(abs(float(cosines[world, n])) for n, world in enumerate(axes))
        if fit > best[0] + 1e-9:
            best = (fit, axes)
    return best[1]
