"""What may be measured: checks of arrays, spacing and tolerance, each refused in one sentence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError

BoolArray = NDArray[np.bool_]
Spacing = tuple[float, float, float]


def check_spacing(spacing_mm: Sequence[float]) -> Spacing:
    """Return the spacing as three floats; GeometryError unless all are finite and positive."""
    values = tuple(float(value) for value in spacing_mm)
    if len(values) != 3 or not all(math.isfinite(value) and value > 0 for value in values):
        raise GeometryError(
            f"A spacing of three positive numbers in mm was expected, found {values}: "
            "check the header of the image."
        )
    return (values[0], values[1], values[2])


def check_tolerance(tolerance_mm: float) -> float:
    """Return the tolerance; DataError unless it is finite and positive."""
    value = float(tolerance_mm)
    if not math.isfinite(value) or value <= 0:
        raise DataError(
            f"A tolerance above 0 mm was expected, found {tolerance_mm}: correct the structure "
            "table or the call."
        )
    return value


def check_axial_axis(axial_axis: int) -> int:
    """Return the axis that runs along the body; DataError unless it is 0, 1 or 2."""
    if axial_axis not in (0, 1, 2):
        raise DataError(f"An axial axis of 0, 1 or 2 was expected, found {axial_axis}.")
    return int(axial_axis)


def check_mask(mask: object, name: str) -> BoolArray:
    """The mask, a boolean array (i, j, k), as it came; DataError for anything else."""
    if not isinstance(mask, np.ndarray):
        raise DataError(
            f"The {name} was expected to be a NumPy array, found {type(mask).__name__}."
        )
    if mask.dtype != np.bool_:
        raise DataError(
            f"The {name} was expected to be a boolean array, found {mask.dtype}: compare the label "
            "with its value first."
        )
    if mask.ndim != 3:
        raise DataError(
            f"The {name} was expected to have three axes, found {mask.ndim} (shape {mask.shape})."
        )
    return mask


def check_same_shape(reference: BoolArray, prediction: BoolArray) -> None:
    """GeometryError unless both masks (i, j, k) have one shape."""
    if reference.shape != prediction.shape:
        raise GeometryError(
            f"One grid was expected, found a reference of shape {reference.shape} and a prediction "
            f"of shape {prediction.shape}: bring both to the grid of the CT first."
        )
