from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from statsmodels.stats.proportion import proportion_confint

from han5k_review.errors import DataError
from han5k_review.statistics.shares import (
    Judgement,
    build_shares,
    measure_clustered_share,
    measure_share,
)

NUMBERS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(NUMBERS)
def test_intervals_equal_statsmodels_and_scipy(numbers: tuple[int, int]) -> None:
    acceptable, judged = numbers
    share = measure_share(acceptable, judged)
    assert share.exact is not None
    assert share.wilson is not None
    exact = binomtest(acceptable, judged).proportion_ci(method="exact")
    assert (share.exact.low, share.exact.high) == pytest.approx((exact.low, exact.high), abs=1e-9)
    wilson = proportion_confint(acceptable, judged, method="wilson")
    assert (share.wilson.low, share.wilson.high) == pytest.approx(wilson, abs=1e-9)


def test_wilsons_interval_is_the_one_of_newcombes_paper() -> None:
    # R. Newcombe, Stat Med 1998;17:857, table I: 81 of 263 and 15 of 148, 0 of 20, 1 of 29.
    for acceptable, judged, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        interval = measure_share(acceptable, judged).wilson
        assert interval is not None
        assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("acceptable", "judged", "low"), [(29, 29, 0.8806), (59, 59, 0.9394), (0, 5, 0.0)]
)
def test_exact_intervals_are_those_of_the_tables(acceptable: int, judged: int, low: float) -> None:
    interval = measure_share(acceptable, judged).exact
    assert interval is not None
    assert interval.low == pytest.approx(low, abs=1e-4)


def test_nothing_judged_has_no_share_and_no_interval() -> None:
    share = measure_share(0, 0)
    assert (share.proportion, share.exact, share.wilson) == (None, None, None)


@pytest.mark.parametrize("numbers", [(3, 2), (-1, 2)])
def test_impossible_numbers_are_refused(numbers: tuple[int, int]) -> None:
    with pytest.raises(DataError, match="acceptable contours were expected"):
        measure_share(*numbers)


def test_one_contour_of_each_patient_is_the_simple_share() -> None:
    verdicts = [(f"p{n}", n % 4 > 0) for n in range(20)]
    assert measure_clustered_share(verdicts) == measure_share(15, 20)


def test_contours_of_one_patient_that_fail_together_count_as_one() -> None:
    # Ten patients with five contours each, all alike within a patient: worth ten, not fifty.
    alike = [(f"p{n}", n > 1) for n in range(10) for _ in range(5)]
    share = measure_clustered_share(alike)
    assert (share.judged, share.patients) == (50, 10)
    assert share.effective == pytest.approx(9.0)  # n - 1, as a variance from ten patients has
    assert share.exact is not None
    simple = measure_share(40, 50).exact
    assert simple is not None
    assert share.exact.high - share.exact.low > 2 * (simple.high - simple.low)


def test_where_all_pass_only_patients_count() -> None:
    share = measure_clustered_share([(f"p{n}", True) for n in range(29) for _ in range(10)])
    assert share.effective == 29
    assert share.exact is not None
    assert share.exact.low == pytest.approx(measure_share(29, 29).exact.low)  # type: ignore[union-attr]


def test_shares_by_structure_tier_and_group_count_a_patient_once_with_the_worst() -> None:
    def one(patient: str, structure: str, acceptable: bool, group: str = "north") -> Judgement:
        tier = {"BrainStem": "A", "ParotidL": "B"}[structure]
        return Judgement(
            patient=patient, structure=structure, tier=tier, acceptable=acceptable, group=group
        )

    judgements = [
        one("p1", "BrainStem", True),
        one("p1", "BrainStem", False),  # the second CT of one patient
        one("p2", "BrainStem", True, "south"),
        one("p1", "ParotidL", True),
    ]
    by_structure = build_shares(judgements, lambda j: j.structure)
    assert (by_structure["BrainStem"].acceptable, by_structure["BrainStem"].judged) == (1, 2)
    by_tier = build_shares(judgements, lambda j: j.tier)
    assert by_tier["B"].proportion == 1.0
    by_both = build_shares(judgements, lambda j: (j.tier, j.group))
    assert by_both["A", "south"].acceptable == 1
    assert by_both["A", "north"].acceptable == 0
    everything = build_shares(judgements, lambda j: "all")["all"]
    assert (everything.acceptable, everything.judged, everything.patients) == (2, 3, 2)
