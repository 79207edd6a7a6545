"""Defects of headers: what each kind of odd file must become, and where its voxels truly lie.

The affines are stated by hand; `test_matrix` compares them with nibabel (NIfTI) and ITK (NRRD,
MetaImage), except where `oracle` says why the library does not tell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from tests.imaging.header_writers import Affine, Array, MetaImage, Nifti, Nrrd

AFFINE: Affine = np.array(
    [[-1.5, 0, 0, 40.25], [0, -2.0, 0, 71.5], [0, 0, 3.0, -310.75], [0, 0, 0, 1]]
)
AT_ZERO: Affine = np.diag([-1.5, -2.0, 3.0, 1.0])
UNIT_AT_ZERO: Affine = np.diag([-1.0, -1.0, 1.0, 1.0])
Build = Callable[[Array, str], Nifti | Nrrd | MetaImage]


class Cell(StrEnum):
    """What becomes of a file: stored in its true place, the same with a warning, or refused."""

    RIGHT = "right"
    WARNED = "warned"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One kind of file. `build` gets the array and the file's name without suffix.

    `affine` is where the array truly lies; `upload` what a page makes of it, where that differs.
    `oracle` says why the library does not place the file so; empty where it must.
    """

    name: str
    suffix: str
    cell: Cell
    build: Build
    affine: Affine
    packed: bool | None = None
    upload: Cell | None = None
    oracle: str = ""


def turned(degrees: float, plane: tuple[int, int] = (0, 1)) -> Affine:
    """`AFFINE` turned about an axis of the patient."""
    angle = np.deg2rad(degrees)
    rotation = np.eye(4)
    first, second = plane
    rotation[first, first] = rotation[second, second] = np.cos(angle)
    rotation[first, second], rotation[second, first] = -np.sin(angle), np.sin(angle)
    return rotation @ AFFINE


def sheared(degrees: float) -> Affine:
    """A gantry tilt: each slice moved along j, so that k leans by `degrees`."""
    angle = np.deg2rad(degrees)
    affine = AFFINE.copy()
    affine[:3, 2] = 3.0 * np.array([0, np.sin(angle), np.cos(angle)])
    return affine


def mirrored(shape: tuple[int, ...]) -> Affine:
    """The same box, read from its other side: i grows to the right."""
    affine = AFFINE.copy()
    affine[:3, 3] += affine[:3, 0] * (shape[0] - 1)
    affine[:3, 0] *= -1
    return affine


def scaled(factor: float, affine: Affine = AFFINE) -> Affine:
    """All lengths times `factor`."""
    return np.diag([factor, factor, factor, 1.0]) @ affine
