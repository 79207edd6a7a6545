"""The one geometry rule: which affine places the voxels of a file, and which is refused.

It holds for CT, labels, references, revisions and uploads, in NIfTI, NRRD and MetaImage. Numbers
and reasons: docs/importing.md, section Geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.grid import Grid

SHEAR_LIMIT_DEG = 0.01
SPACING_RANGE_MM = (0.1, 20.0)
UNIT_LENGTH_TOLERANCE = 1e-4
_RANGE_SLACK = 1e-5  # relative: a spacing of 0.1 stored in 32 bits is not below 0.1
_MAX_ORIGIN_MM = 1e6

NO_ORIENTATION = "no orientation is stored{why}: left and right are a guess"
NO_SPACING = (
    "no spacing is stored: voxels are taken as 1 mm wide, volumes and distances are a guess"
)
NO_ORIGIN = "no origin is stored: voxel 0 is taken to lie at 0, 0, 0 mm"


def build_image_grid(shape: Sequence[int], affine_ras: NDArray[np.floating], path: Path) -> Grid:
    """The grid of a file's own axes from its affine (4 x 4, RAS+, mm).

    GeometryError naming the file for what is not finite, a spacing that is 0 or outside
    `SPACING_RANGE_MM`, and axes sheared by more than `SHEAR_LIMIT_DEG`; with the numbers.
    """
    affine = np.asarray(affine_ras, dtype=np.float64)
    if not np.isfinite(affine).all() or np.abs(affine[:3, 3]).max() > _MAX_ORIGIN_MM:
        raise GeometryError(
            f"{path}: finite spacing above 0 mm and a finite orientation were expected, found the "
            f"affine {affine[:3].tolist()}; write the file again with its geometry."
        )
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    check_spacing(spacing, path)
    check_shear(affine[:3, :3] / spacing, path)
    return Grid.from_affine(shape, affine)


def check_spacing(spacing_mm: NDArray[np.floating], path: Path) -> None:
    """GeometryError unless every spacing (3,), in mm, is finite and in `SPACING_RANGE_MM`."""
    low, high = SPACING_RANGE_MM
    found = " x ".join(f"{v:g}" for v in spacing_mm)
    if not np.isfinite(spacing_mm).all() or (spacing_mm <= 0).any():
        raise GeometryError(
            f"{path}: finite spacing above 0 mm was expected, found {found} mm; write the file "
            "again with its geometry."
        )
    slack = 1 + _RANGE_SLACK
    if (spacing_mm * slack < low).any() or (spacing_mm > high * slack).any():
        raise GeometryError(
            f"{path}: spacing from {low:g} to {high:g} mm was expected, found {found} mm; "
            "correct the spacing, or its unit, in the header."
        )


def check_shear(axes: NDArray[np.floating], path: Path) -> None:
    """GeometryError with the angle when unit `axes` (3 x 3, columns) are not perpendicular."""
    worst, pair = 0.0, (0, 1)
    for one, other in combinations(range(3), 2):
        shear = float(np.degrees(np.arcsin(np.clip(abs(axes[:, one] @ axes[:, other]), 0, 1))))
        if shear > worst:
            worst, pair = shear, (one, other)
    if worst > SHEAR_LIMIT_DEG:
        first, second = ("ijk"[n] for n in pair)
        raise GeometryError(
            f"{path}: three perpendicular axes were expected (to {SHEAR_LIMIT_DEG:g} degrees), "
            f"found a sheared grid: axes {first} and {second} are {worst:.3f} degrees off a right "
            "angle (a gantry tilt?); resample the image to a regular grid."
        )


def check_unit_lengths(axes: NDArray[np.floating], path: Path) -> None:
    """GeometryError when directions (3 x 3, columns) that must be unit vectors are not."""
    lengths = np.linalg.norm(axes, axis=0)
    if not (np.abs(lengths - 1) <= UNIT_LENGTH_TOLERANCE).all():
        raise GeometryError(
            f"{path}: directions of length 1 were expected, found lengths "
            f"{', '.join(f'{v:.6g}' for v in lengths)}; write the file again with its spacing "
            "apart from its directions."
        )
