from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from han5k_review.statistics.bootstrap import draw_resamples
from han5k_review.statistics.kappa import (
    list_pairs,
    measure_kappa,
    measure_mean_kappa,
    measure_pair,
)
from han5k_review.statistics.readers import Repeat, list_biases, measure_repeats
from han5k_review.statistics.weights import Weighting
from tests.statistics.tables import LARGER, read_ratings

SAS = np.array([[0.0, 4, 1], [0, 8, 0], [0, 1, 5]])  # PROC FREQ prints 0.4842 for it
NAMES = {Weighting.IDENTITY: None, Weighting.LINEAR: "linear", Weighting.QUADRATIC: "quadratic"}


def test_kappa_is_the_one_that_sas_prints() -> None:
    assert measure_kappa(SAS, Weighting.IDENTITY) == pytest.approx(0.4842, abs=5e-5)


@pytest.mark.parametrize(("weighting", "name"), NAMES.items())
def test_kappa_equals_scikit_learn_and_statsmodels(weighting: Weighting, name: str | None) -> None:
    rng = np.random.default_rng(7)
    first = rng.integers(0, 4, 300)
    second = np.clip(first + rng.integers(-1, 2, 300), 0, 3)
    table = np.zeros((4, 4))
    np.add.at(table, (first, second), 1)
    ours = float(measure_kappa(table, weighting))
    assert ours == pytest.approx(cohen_kappa_score(first, second, weights=name), abs=1e-9)
    levels = None if name is None else np.arange(4)
    kind = {None: None, "linear": "linear", "quadratic": "quadratic"}[name]
    theirs = cohens_kappa(table, weights=levels, wt=kind, return_results=False)
    assert ours == pytest.approx(theirs, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_kappa_is_symmetric_at_most_1_and_nan_only_where_chance_agrees(counts: list[int]) -> None:
    table = np.array(counts, dtype=np.float64).reshape(3, 3)
    kappa = float(measure_kappa(table))
    assert kappa == pytest.approx(float(measure_kappa(table.T)), nan_ok=True)
    one_level = any(table[level, level] == table.sum() for level in range(3))
    assert np.isnan(kappa) == one_level
    assert np.isnan(kappa) or kappa <= 1


def test_a_pair_of_readers_is_compared_on_what_both_graded() -> None:
    pair = measure_pair(read_ratings(["00", "01", ".1", "12", "2.", "22"]), "reader 0", "reader 1")
    assert pair.compared == 4
    assert pair.exact.value == pytest.approx(0.5)
    assert pair.within_one.value == pytest.approx(1.0)
    assert pair.bias.value == pytest.approx(0.5)  # two of four are one level stricter
    assert pair.kappa.value == pytest.approx(
        cohen_kappa_score([0, 0, 1, 2], [0, 1, 2, 2], weights="quadratic"), abs=1e-9
    )


def test_readers_who_share_no_contour_have_no_kappa_and_it_is_said() -> None:
    pair = measure_pair(read_ratings(["0.", ".1"]), "reader 0", "reader 1")
    assert (pair.compared, pair.kappa.value) == (0, None)
    assert pair.kappa.reason == "No contour has grades of two readers."
    equal = measure_pair(read_ratings(["11", "11"]), "reader 0", "reader 1")
    assert equal.kappa.value is None
    assert "All grades are equal" in equal.kappa.reason


def test_all_pairs_are_listed_and_their_mean_leaves_out_the_undefined() -> None:
    ratings = read_ratings(LARGER)
    resamples = draw_resamples(np.random.default_rng(0), patients=40, readers=4, resamples=300)
    pairs = list_pairs(ratings, resamples)
    assert len(pairs) == 6
    for pair in pairs:
        assert pair.kappa.interval is not None
        assert pair.kappa.value is not None
        assert pair.kappa.interval.low <= pair.kappa.value <= pair.kappa.interval.high
    mean = measure_mean_kappa(pairs).value
    assert mean == pytest.approx(np.mean([pair.kappa.value for pair in pairs]))
    assert measure_mean_kappa([]).reason


def test_a_strict_reader_has_a_bias_above_0_and_the_others_below() -> None:
    ratings = read_ratings(["001", "112", "001", "112", "0.1"])
    resamples = draw_resamples(np.random.default_rng(0), patients=5, readers=3, resamples=200)
    biases = {bias.reader: bias for bias in list_biases(ratings, resamples)}
    assert biases["reader 2"].bias.value == pytest.approx(1.0)
    # Four contours against 0 and 1 above (mean 0.5), one against 1 above only.
    assert biases["reader 0"].bias.value == pytest.approx(-(4 * 0.5 + 1) / 5)
    assert biases["reader 1"].compared == 4
    assert biases["reader 0"].bias.interval is not None


def test_a_reader_nobody_shares_a_contour_with_has_no_bias() -> None:
    ratings = read_ratings(["0.", ".1"])
    resamples = draw_resamples(np.random.default_rng(0), patients=2, readers=2, resamples=50)
    assert all(
        not bias.bias.is_defined and bias.bias.reason for bias in list_biases(ratings, resamples)
    )


def test_repeats_compare_a_reader_with_the_own_first_read() -> None:
    repeats = [
        Repeat(unit=f"c{i}", patient=f"p{i}", level=a, level_again=b)
        for i, (a, b) in enumerate([(0, 0), (1, 1), (2, 1), (0, 1), (1, 1)])
    ]
    pair = measure_repeats(repeats, level_count=3, generator=np.random.default_rng(2))
    assert pair.exact.value == pytest.approx(0.6)
    assert pair.kappa.value == pytest.approx(
        cohen_kappa_score([0, 1, 2, 0, 1], [0, 1, 1, 1, 1], weights="quadratic"), abs=1e-9
    )
    assert pair.bias.value == pytest.approx(0.0)
    nothing = measure_repeats([], level_count=3)
    assert "no repeats" in nothing.kappa.reason
