"""Grades against metrics, two rounds, a device among experts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score, roc_curve
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from han5k_review.errors import DataError
from han5k_review.statistics.against_metrics import GradedMetric, measure_against_grades
from han5k_review.statistics.bootstrap import draw_resamples
from han5k_review.statistics.device import compare_device
from han5k_review.statistics.rounds import (
    adjust_by_holm,
    compare_rounds,
    measure_mcnemar,
    measure_paired_difference,
)

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=49)


def graded(values: np.ndarray, levels: np.ndarray) -> list[GradedMetric]:
    return [
        GradedMetric(patient=f"p{n}", value=float(v), level=int(level), acceptable=bool(level < 2))
        for n, (v, level) in enumerate(zip(values, levels, strict=True))
    ]


@pytest.mark.parametrize("higher_is_better", [True, False])
def test_correlation_area_and_threshold_equal_scipy_and_scikit_learn(
    higher_is_better: bool,
) -> None:
    rng = np.random.default_rng(5)
    levels = rng.integers(0, 3, 150)
    values = np.round(rng.normal(0, 1, 150) + (-1 if higher_is_better else 1) * levels, 1)  # ties
    found = measure_against_grades(
        graded(values, levels), higher_is_better=higher_is_better, generator=rng, resamples=300
    )
    assert found.spearman.value == pytest.approx(spearmanr(values, levels).statistic, abs=1e-9)
    scores = values if higher_is_better else -values
    assert found.auc.value == pytest.approx(roc_auc_score(levels < 2, scores), abs=1e-9)
    false_rate, true_rate, _ = roc_curve(levels < 2, scores)
    assert found.sensitivity is not None
    assert found.specificity is not None
    best = (true_rate - false_rate).max()
    assert found.sensitivity + found.specificity - 1 == pytest.approx(best, abs=1e-9)
    # Contours beyond the threshold are the share that it says.
    passing = scores > (found.threshold.value or 0) * (1 if higher_is_better else -1)
    assert passing[levels < 2].mean() == pytest.approx(found.sensitivity)
    for estimate in (found.spearman, found.auc, found.threshold):
        assert estimate.interval is not None
        assert estimate.value is not None
        assert estimate.interval.low <= estimate.value <= estimate.interval.high


def test_a_metric_that_separates_has_area_1_and_a_threshold_between() -> None:
    values, levels = np.array([0.9, 0.8, 0.95, 0.4, 0.5]), np.array([0, 1, 0, 2, 2])
    found = measure_against_grades(
        graded(values, levels), higher_is_better=True, generator=np.random.default_rng(0)
    )
    assert found.auc.value == pytest.approx(1.0)
    assert found.threshold.value == pytest.approx(0.65)
    assert (found.sensitivity, found.specificity) == (1.0, 1.0)
    # Two unacceptable contours: every resample would find the same threshold.
    assert found.threshold.interval is None
    assert "Fewer than 5" in found.threshold.reason


def test_what_a_metric_cannot_tell_is_said() -> None:
    rng = np.random.default_rng(0)
    few = measure_against_grades(
        graded(np.array([0.9, math.nan, 0.8]), np.array([0, 0, 2])),
        higher_is_better=True,
        generator=rng,
    )
    assert "Fewer than 3" in few.spearman.reason
    good = measure_against_grades(
        graded(np.array([0.9, 0.7, 0.8]), np.array([0, 1, 0])), higher_is_better=True, generator=rng
    )
    assert "no threshold separates" in good.auc.reason
    assert good.spearman.value == pytest.approx(spearmanr([0.9, 0.7, 0.8], [0, 1, 0]).statistic)
    flat = measure_against_grades(
        graded(np.array([0.9, 0.9, 0.9]), np.array([0, 1, 2])), higher_is_better=True, generator=rng
    )
    assert "equal" in flat.spearman.reason


def test_infinite_distances_are_the_largest() -> None:
    values = np.array([1.0, 2.0, math.inf, math.inf, 3.0])
    found = measure_against_grades(
        graded(values, np.array([0, 0, 2, 2, 1])),
        higher_is_better=False,
        generator=np.random.default_rng(1),
    )
    assert found.auc.value == pytest.approx(1.0)
    assert found.spearman.value == pytest.approx(
        spearmanr([1, 2, 9, 9, 3], [0, 0, 2, 2, 1]).statistic
    )


def test_holm_equals_statsmodels() -> None:
    chances = [*np.random.default_rng(3).random(45) ** 3, 0.5, 0.5, 0.0, 1.0]
    theirs = multipletests(chances, method="holm")[1]
    assert adjust_by_holm(chances) == pytest.approx(list(theirs), abs=1e-9)


@given(CHANCES)
def test_adjusted_chances_are_larger_and_keep_their_order(chances: list[float]) -> None:
    adjusted = adjust_by_holm(chances)
    assert all(raw <= new <= 1 for raw, new in zip(chances, adjusted, strict=True))
    assert adjusted[int(np.argmin(chances))] == min(adjusted)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_equals_statsmodels(gained: int, lost: int) -> None:
    if gained + lost:
        theirs = mcnemar([[5, lost], [gained, 5]], exact=True).pvalue
        assert measure_mcnemar(gained, lost) == pytest.approx(theirs, abs=1e-9)
    assert measure_mcnemar(0, 0) == 1.0


def test_the_paired_interval_is_the_one_of_its_paper() -> None:
    # D. Bonett, R. Price 2012: adds one to each changed cell, two to all; 12 and 3 of 50.
    up, down = 13 / 52, 4 / 52
    half = 1.959964 * math.sqrt((up + down - (up - down) ** 2) / 52)
    found = measure_paired_difference(12, 3, 50)
    assert found.value == pytest.approx(0.18)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(up - down - half, abs=1e-6)
    assert found.interval.high == pytest.approx(up - down + half, abs=1e-6)


def test_rounds_are_compared_structure_by_structure() -> None:
    better = [(False, True)] * 12 + [(True, True)] * 20
    same = [(True, True)] * 30 + [(True, False), (False, True)]
    rows = {row.structure: row for row in compare_rounds({"A": better, "B": same, "C": []})}
    assert (rows["A"].before, rows["A"].after, rows["A"].gained) == (20, 32, 12)
    assert rows["A"].p == pytest.approx(2 / 2**12)
    assert rows["A"].p_adjusted == pytest.approx(3 * 2 / 2**12)
    assert rows["B"].p == 1.0
    assert rows["C"].difference.reason == "No patient was graded in both rounds."


def distances(
    rng: np.random.Generator, offset: float, patients: int = 40, experts: int = 5
) -> tuple[np.ndarray, np.ndarray]:
    places = rng.normal(0, 1, (patients, experts))
    device = rng.normal(0, 1, (patients, 1)) + offset
    return np.abs(places - device), np.abs(places[:, :, None] - places[:, None, :])


def test_a_device_that_draws_like_an_expert_is_inside_their_spread() -> None:
    rng = np.random.default_rng(2)
    resamples = draw_resamples(rng, patients=40, readers=5, resamples=300)
    like = compare_device(*distances(rng, 0.0), resamples, margin=0.5)
    # The distance of two standard normal places is 2 / sqrt(pi) on average.
    assert like.between_experts == pytest.approx(2 / math.sqrt(math.pi), abs=0.12)
    assert like.inside is True
    unlike = compare_device(*distances(rng, 3.0), resamples, margin=0.5)
    assert unlike.inside is False
    assert unlike.difference.interval is not None
    assert unlike.difference.interval.low > 0.5


def test_missing_contours_leave_their_pairs_out() -> None:
    to_device = np.array([[1.0, 3.0, math.nan], [2.0, 2.0, 2.0]])
    between = np.full((2, 3, 3), 1.0)
    between[0, 0, 1] = between[0, 1, 0] = 5.0
    resamples = draw_resamples(np.random.default_rng(0), patients=2, readers=3, resamples=50)
    found = compare_device(to_device, between, resamples, margin=0.0)
    # First patient: two ordered pairs (5 apart, device 1 and 3 off); second: six.
    assert found.between_experts == pytest.approx((2 * 5 + 6 * 1) / 8)
    assert found.to_device == pytest.approx((1 + 3 + 6 * 2) / 8)


def test_one_expert_has_no_spread_and_wrong_shapes_are_refused() -> None:
    resamples = draw_resamples(np.random.default_rng(0), patients=2, readers=1, resamples=10)
    alone = compare_device(np.ones((2, 1)), np.ones((2, 1, 1)), resamples, margin=0.0)
    assert alone.inside is None
    assert "One expert alone" in alone.difference.reason
    with pytest.raises(DataError, match="shape"):
        compare_device(np.ones((2, 3)), np.ones((2, 2, 3)), resamples, margin=0.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 5), st.integers(2, 8), st.integers(0, 10_000))
def test_the_area_does_not_change_when_the_metric_is_stretched(
    lowest: int, contours: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values, levels = rng.normal(0, 1, contours + lowest), rng.integers(0, 3, contours + lowest)
    found = [
        measure_against_grades(
            graded(stretched, levels),
            higher_is_better=True,
            generator=np.random.default_rng(0),
            resamples=20,
        )
        for stretched in (values, np.exp(values) * 3 + 1)
    ]
    assert found[0].auc.value == pytest.approx(found[1].auc.value)
    assert found[0].spearman.value == pytest.approx(found[1].spearman.value)
