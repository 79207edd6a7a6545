from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from han5k_review.errors import DataError
from han5k_review.statistics.conformal import (
    count_needed,
    find_bound,
    measure_running_coverage,
)

SCORES = st.lists(st.floats(0, 50) | st.just(math.inf), max_size=60)


@given(SCORES, st.sampled_from([0.5, 0.8, 0.9, 0.95]))
def test_the_bound_is_the_least_that_enough_of_n_plus_one_scores_reach(
    scores: list[float], coverage: float
) -> None:
    # By the definition: the score that is not known yet counts as one beyond.
    enough = [
        s for s in scores if sum(t <= s for t in scores) >= coverage * (len(scores) + 1) - 1e-9
    ]
    assert find_bound(scores, coverage) == min(enough, default=None)


def test_the_fewest_scores_that_give_a_bound() -> None:
    # Angelopoulos and Bates 2023: alpha >= 1 / (n + 1)
    needed = {0.5: 1, 0.8: 4, 0.9: 9, 0.95: 19, 0.99: 99}
    assert {coverage: count_needed(coverage) for coverage in needed} == needed
    for coverage, n in needed.items():
        assert find_bound([1.0] * n, coverage) == 1.0
        assert find_bound([1.0] * (n - 1), coverage) is None


@pytest.mark.parametrize(("n", "wanted"), [(9, 0.9), (15, 15 / 16), (39, 0.9)])
def test_the_next_score_is_within_as_often_as_the_theory_says(n: int, wanted: float) -> None:
    # Vovk 2012, Prop. 2b: Beta(k, n + 1 - k) with k = ceil((n + 1) * 0.9), so k / (n + 1).
    rounds = 4000
    drawn = np.random.default_rng(8).lognormal(size=(rounds, n + 1))
    within = [row[-1] <= (find_bound(row[:-1].tolist(), 0.9) or 0) for row in drawn]
    assert np.mean(within) == pytest.approx(wanted, abs=4 * math.sqrt(0.09 / rounds))


def test_each_score_is_judged_by_those_before_it() -> None:
    first = [float(n) for n in range(1, 10)]
    share = measure_running_coverage([*first, 5.0, 20.0, 9.0], 0.9)
    # 5 <= 9; 20 > 9; then 20 is the bound, and 9 is within.
    assert (share.acceptable, share.judged) == (2, 3)
    assert measure_running_coverage(first, 0.9).judged == 0


def test_impossible_input_is_refused() -> None:
    with pytest.raises(DataError, match="nan"):
        find_bound([math.nan] * 9, 0.9)
    with pytest.raises(DataError, match="between 0 and 1"):
        find_bound([1.0], 1.0)
