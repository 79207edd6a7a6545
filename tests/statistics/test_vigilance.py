from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import Estimate, Interval
from han5k_review.statistics.fixed import find_fixed_plan
from han5k_review.statistics.shares import measure_share
from han5k_review.statistics.vigilance import correct_limit, correct_share, measure_sensitivity


@pytest.mark.parametrize(
    ("sensitivity", "reads"), [(1.0, (29, 59)), (0.85, (34, 69)), (0.7, (42, 85))]
)
def test_readers_who_miss_errors_need_more_reads(
    sensitivity: float, reads: tuple[int, int]
) -> None:
    found = tuple(
        find_fixed_plan(limit=correct_limit(limit, sensitivity), error_rate=0.05, failures=0).reads
        for limit in (0.90, 0.95)
    )
    assert found == reads


def test_sensitivity_has_its_exact_interval_and_both_lower_bounds() -> None:
    sensitivity = measure_sensitivity(34, 40)
    assert sensitivity.estimate.value == pytest.approx(0.85)
    exact = binomtest(34, 40).proportion_ci(method="exact")
    interval = sensitivity.estimate.interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert sensitivity.lower_bound > exact.low  # one-sided
    assert 0.5 < sensitivity.lower_bound_any_time < sensitivity.lower_bound


def test_without_planted_errors_nothing_is_known_of_what_readers_miss() -> None:
    sensitivity = measure_sensitivity(0, 0)
    assert "No error was planted" in sensitivity.estimate.reason
    assert sensitivity.lower_bound == 0
    corrected = correct_share(Estimate(value=0.95), sensitivity)
    assert (corrected.value, corrected.reason) == (None, sensitivity.estimate.reason)
    with pytest.raises(DataError, match="Plant more errors"):
        correct_limit(0.9, sensitivity.lower_bound)
    with pytest.raises(DataError, match="found errors were expected"):
        measure_sensitivity(3, 2)


def test_a_share_is_corrected_by_hand_counted_misses() -> None:
    # 200 contours, 40 bad, readers find 80 % of them: 32 seen, 84 % reported acceptable.
    share = measure_share(168, 200)
    corrected = correct_share(
        Estimate(value=share.proportion, interval=share.exact), measure_sensitivity(80, 100)
    )
    assert corrected.value == pytest.approx(0.80)
    assert corrected.interval is not None
    assert corrected.interval.confidence == pytest.approx(0.90)
    assert corrected.interval.low < 0.80 < corrected.interval.high
    # Readers who also refuse 5 % of the good ones: 160 x 0.05 + 32 = 40 seen.
    both = correct_share(Estimate(value=0.80), measure_sensitivity(80, 100), specificity=0.95)
    assert both.value == pytest.approx(0.80)


def test_readers_who_guess_show_nothing() -> None:
    guessing = measure_sensitivity(5, 10)
    assert "by guessing" in correct_share(Estimate(value=0.9), guessing, specificity=0.5).reason


@given(st.floats(0.5, 1.0), st.integers(1, 40), st.integers(0, 10))
def test_a_corrected_share_is_never_better_than_the_reported_one(
    share: float, found: int, missed: int
) -> None:
    reported = Estimate(value=share, interval=Interval(low=share * 0.9, high=min(1, share * 1.05)))
    corrected = correct_share(reported, measure_sensitivity(found, found + missed))
    assert corrected.value is not None
    assert 0 <= corrected.value <= share + 1e-12
    assert corrected.interval is not None
    assert corrected.interval.low <= corrected.value + 1e-12 <= corrected.interval.high + 2e-12
