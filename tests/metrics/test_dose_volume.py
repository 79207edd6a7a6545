"""Doses of a structure, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.metrics.dose_volume import build_dose_volume_curve, measure_dose


def test_the_numbers_of_a_hundred_voxels() -> None:
    """1 to 100 Gy, one voxel each of 0.01 cc: D0.03cc is the third hottest, D95 the 95th."""
    dose = np.random.default_rng(1).permutation(np.arange(1.0, 101.0))
    found = measure_dose(dose, 0.01)
    assert found.volume_cc == pytest.approx(1.0)
    assert found.mean_gy == 50.5
    assert (found.near_maximum_gy, found.d95_gy, found.d2_gy) == (98.0, 6.0, 99.0)
    assert found.outside_cc == 0


def test_what_lies_beyond_the_dose_counts_nowhere() -> None:
    found = measure_dose(np.array([10.0, math.nan, 20.0, math.nan]), 0.5)
    assert (found.mean_gy, found.outside_cc, found.volume_cc) == (15.0, 1.0, 2.0)
    nothing = measure_dose(np.array([math.nan]), 0.5)
    assert math.isnan(nothing.mean_gy)
    assert nothing.outside_cc == 0.5
    assert measure_dose(np.array([]), 1.0).volume_cc == 0
    assert build_dose_volume_curve(np.array([math.nan]))[0].size == 0


def test_the_curve_falls_from_all_to_nothing() -> None:
    gy, percent = build_dose_volume_curve(np.array([1.0, 1.0, 2.0, 4.0]))
    at = dict(zip(gy.tolist(), percent.tolist(), strict=True))
    assert (at[0.0], at[1.0], at[1.25], at[2.0], at[2.25], at[4.0]) == (100, 100, 50, 50, 25, 25)
    assert percent[-1] == 0
    assert (np.diff(percent) <= 0).all()
