"""What cannot be measured is refused in one sentence that names what was found."""

from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.errors import DataError, GeometryError
from han5k_review.metrics import measure
from tests.metrics.phantoms import box

CUBE = box((6, 6, 6), (1, 1, 1), (2, 2, 2))


def test_different_shapes_are_refused_with_both_named() -> None:
    with pytest.raises(GeometryError, match=r"\(6, 6, 6\).*\(6, 6, 5\)"):
        measure(CUBE, CUBE[:, :, :5], (1, 1, 1))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64])
def test_arrays_that_are_not_boolean_are_refused(dtype: type) -> None:
    with pytest.raises(DataError, match="prediction was expected to be a boolean array"):
        measure(CUBE, CUBE.astype(dtype), (1, 1, 1))


@pytest.mark.parametrize("mask", [CUBE[0], CUBE[None], CUBE.tolist(), None])
def test_only_arrays_with_three_axes_are_measured(mask: object) -> None:
    with pytest.raises(DataError, match="reference was expected"):
        measure(mask, CUBE, (1, 1, 1))


@pytest.mark.parametrize(
    "spacing",
    [(0, 1, 1), (1, -1, 1), (1, 1, math.nan), (1, math.inf, 1), (1, 1), (1, 1, 1, 1), ()],
)
def test_an_impossible_spacing_is_refused(spacing: tuple[float, ...]) -> None:
    with pytest.raises(GeometryError, match="three positive numbers in mm"):
        measure(CUBE, CUBE, spacing)


@pytest.mark.parametrize("tolerance_mm", [0.0, -1.0, math.nan, math.inf])
def test_a_tolerance_that_is_not_above_zero_is_refused(tolerance_mm: float) -> None:
    with pytest.raises(DataError, match="tolerance above 0 mm"):
        measure(CUBE, CUBE, (1, 1, 1), tolerance_mm=tolerance_mm)


def test_there_are_three_axes_to_choose_the_axial_one_from() -> None:
    with pytest.raises(DataError, match="axial axis"):
        measure(CUBE, CUBE, (1, 1, 1), axial_axis=3)
