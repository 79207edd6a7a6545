"""Fixed and sequential certificates, and many structures at once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import binom, binomtest

from han5k_review.errors import DataError
from han5k_review.statistics.fixed import (
    FixedPlan,
    Verdict,
    find_fixed_plan,
    find_powerful_plan,
    judge_fixed,
    measure_chance_of_any,
    measure_lower_bound,
    measure_release_chance,
)
from han5k_review.statistics.releases import ManyRule, choose_by_ebh, choose_releases
from han5k_review.statistics.sequential import (
    find_reads_left,
    find_sequential_bound,
    judge_sequential,
    measure_log_e,
)

READS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(
    ("failures", "for_90", "for_95"), [(0, 29, 59), (1, 46, 93), (2, 61, 124), (5, 103, 208)]
)
def test_fixed_plans_are_those_of_acceptance_sampling(
    failures: int, for_90: int, for_95: int
) -> None:
    plans = [find_fixed_plan(limit=p, error_rate=0.05, failures=failures) for p in (0.90, 0.95)]
    assert [plan.reads for plan in plans] == [for_90, for_95]


@settings(deadline=None)
@given(st.floats(0.5, 0.99), st.floats(0.01, 0.2), st.integers(0, 12))
def test_a_fixed_plan_keeps_its_error_rate_and_one_read_less_does_not(
    limit: float, error_rate: float, failures: int
) -> None:
    plan = find_fixed_plan(limit=limit, error_rate=error_rate, failures=failures)
    assert binom.cdf(failures, plan.reads, 1 - limit) <= error_rate
    assert binom.cdf(failures, plan.reads - 1, 1 - limit) > error_rate


def test_a_structure_of_97_percent_passes_59_reads_in_17_percent_of_studies() -> None:
    plan = find_fixed_plan(limit=0.95, error_rate=0.05, failures=0)
    assert measure_release_chance(plan, 0.97) == pytest.approx(0.17, abs=0.005)
    assert measure_release_chance(plan, 0.99) == pytest.approx(0.55, abs=0.005)
    assert find_powerful_plan(limit=0.95, error_rate=0.05, share=0.99).reads == 124
    assert find_powerful_plan(limit=0.90, error_rate=0.05, share=0.99).reads == 46


def test_forty_nine_structures_at_the_limit_release_one_falsely_in_91_percent() -> None:
    plan = find_fixed_plan(limit=0.95, error_rate=0.05, failures=0)
    assert measure_chance_of_any(plan, 49) == pytest.approx(0.91, abs=0.005)


def test_a_fixed_certificate_has_no_verdict_before_its_last_read() -> None:
    plan = FixedPlan(limit=0.9, error_rate=0.05, reads=29, failures=0)
    assert judge_fixed(plan, reads=28, failures=0) is Verdict.EARLY
    assert judge_fixed(plan, reads=28, failures=3) is Verdict.EARLY
    assert judge_fixed(plan, reads=29, failures=0) is Verdict.RELEASED
    assert judge_fixed(plan, reads=29, failures=1) is Verdict.REFUSED
    with pytest.raises(DataError, match="At most 29 reads"):
        judge_fixed(plan, reads=30, failures=0)


def test_plans_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        find_fixed_plan(limit=1.0, error_rate=0.05, failures=0)
    with pytest.raises(DataError, match="there is none"):
        find_fixed_plan(limit=0.999999, error_rate=0.05, failures=0)
    with pytest.raises(DataError, match="none with up to"):
        find_powerful_plan(limit=0.9, error_rate=0.05, share=0.9, most_failures=3)


@settings(deadline=None)
@given(READS)
def test_the_one_sided_bound_is_scipys(numbers: tuple[int, int]) -> None:
    acceptable, reads = numbers
    theirs = binomtest(acceptable, reads, alternative="greater").proportion_ci(0.95, "exact").low
    assert measure_lower_bound(acceptable, reads, 0.05) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize(
    ("acceptable", "reads", "limit"),
    [(0, 0, 0.9), (30, 30, 0.9), (95, 100, 0.9), (12, 15, 0.5), (60, 70, 0.95)],
)
def test_the_e_value_is_the_average_likelihood_ratio(
    acceptable: int, reads: int, limit: float
) -> None:
    def ratio(share: float) -> float:
        failed = reads - acceptable
        return (share / limit) ** acceptable * ((1 - share) / (1 - limit)) ** failed

    average = quad(ratio, limit, 1, epsabs=1e-13, epsrel=1e-12)[0] / (1 - limit)
    assert math.exp(measure_log_e(acceptable, reads, limit)) == pytest.approx(average, rel=1e-9)


@given(st.integers(0, 200), st.integers(0, 40), st.floats(0.5, 0.99))
def test_at_the_limit_the_next_e_value_is_on_average_this_one(
    acceptable: int, failed: int, limit: float
) -> None:
    reads = acceptable + failed
    now, better, worse = np.exp(
        measure_log_e(
            [acceptable, acceptable + 1, acceptable], [reads, reads + 1, reads + 1], limit
        )
    )
    assert limit * better + (1 - limit) * worse == pytest.approx(now, rel=1e-6, abs=1e-300)


def test_a_sequential_certificate_is_released_once_and_stays_so() -> None:
    outcomes = [True] * 60 + [False] * 20
    certificate = judge_sequential(outcomes, limit=0.9, error_rate=0.05)
    at = certificate.released_at
    assert at is not None
    assert certificate.released
    assert judge_sequential(outcomes[:at], limit=0.9, error_rate=0.05).e_value >= 20
    assert judge_sequential(outcomes[: at - 1], limit=0.9, error_rate=0.05).e_value < 20
    assert certificate.e_value < 1  # today's value fell, the release stands
    assert find_reads_left(0, 0, limit=0.9, error_rate=0.05) == at


def test_the_evidence_of_a_very_large_cohort_is_still_a_number() -> None:
    certificate = judge_sequential([True] * 20_000, limit=0.9, error_rate=0.05)
    assert certificate.e_value == pytest.approx(1e300)
    assert certificate.released
    hopeless = judge_sequential([False] * 5_000, limit=0.9, error_rate=0.05)
    assert (hopeless.e_value, hopeless.released_at) == (0.0, None)


def test_before_the_first_read_nothing_is_known() -> None:
    certificate = judge_sequential([], limit=0.9, error_rate=0.05)
    assert (certificate.e_value, certificate.released_at, certificate.lower_bound) == (1.0, None, 0)


@settings(deadline=None, max_examples=50)
@given(READS, st.floats(0.01, 0.2))
def test_the_sequential_bound_is_the_limit_at_which_the_certificate_just_releases(
    numbers: tuple[int, int], error_rate: float
) -> None:
    acceptable, reads = numbers
    bound = find_sequential_bound(acceptable, reads, error_rate)
    assert 0 <= bound <= acceptable / reads
    # Whoever may look at any time knows less than who looks once.
    assert bound <= measure_lower_bound(acceptable, reads, error_rate) + 1e-9
    if bound > 1e-6:
        assert measure_log_e(acceptable, reads, bound * 0.999) >= -math.log(error_rate) - 1e-6
        assert (
            measure_log_e(acceptable, reads, min(bound * 1.001, 0.9999))
            <= -math.log(error_rate) + 0.05 * reads
        )


@settings(deadline=None)
@given(st.integers(0, 100), st.integers(0, 5), st.floats(0.6, 0.97))
def test_reads_left_are_as_many_as_it_takes(acceptable: int, failed: int, limit: float) -> None:
    left = find_reads_left(acceptable, acceptable + failed, limit=limit, error_rate=0.05)
    reached = measure_log_e(acceptable + left, acceptable + failed + left, limit)
    assert reached >= math.log(20)
    if left:
        before = measure_log_e(acceptable + left - 1, acceptable + failed + left - 1, limit)
        assert before < math.log(20)


def test_ebh_releases_the_largest_that_pass_together() -> None:
    # Ten structures at 5 %: one alone needs 200, four together 50 each, five 40 each.
    values = np.array([60, 55, 51, 50, 10, 1, 1, 1, 0.5, 0])
    assert choose_by_ebh(values, 0.05).sum() == 4
    values[3] = 49
    assert not choose_by_ebh(values, 0.05).any()
    values[0] = 200
    assert choose_by_ebh(values, 0.05).sum() == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=60), st.floats(0.01, 0.3))
def test_ebh_equals_its_definition_and_releases_what_the_family_wise_rule_does(
    values: list[float], error_rate: float
) -> None:
    named = {f"s{place}": value for place, value in enumerate(values)}
    released = choose_releases(named, error_rate=error_rate, rule=ManyRule.FALSE_DISCOVERY)
    ranked = sorted(values, reverse=True)
    most = max(
        (k for k in range(1, len(values) + 1) if ranked[k - 1] * k >= len(values) / error_rate),
        default=0,
    )
    assert len(released) == (sum(v >= ranked[most - 1] for v in values) if most else 0)
    strict = choose_releases(named, error_rate=error_rate, rule=ManyRule.FAMILY_WISE)
    assert strict <= released


def test_no_structure_no_release() -> None:
    assert not choose_releases({}, error_rate=0.05, rule=ManyRule.FALSE_DISCOVERY)
