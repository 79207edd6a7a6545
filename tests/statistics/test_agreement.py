from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import fleiss_kappa

from han5k_review.errors import DataError
from han5k_review.statistics.agreement import Coefficient, measure_agreement
from han5k_review.statistics.bootstrap import draw_resamples
from han5k_review.statistics.ratings import Rating, Ratings, build_ratings
from tests.statistics.tables import (
    FLEISS_1971,
    KRIPPENDORFF_2011,
    PRINTED,
    Printed,
    read_ratings,
)

ROWS = st.lists(
    st.text(alphabet="012.", min_size=3, max_size=3).filter(lambda row: set(row) != {"."}),
    min_size=2,
    max_size=12,
)


def value_of(ratings: Ratings, coefficient: Coefficient) -> float | None:
    return measure_agreement(ratings, coefficient).value


def test_fleiss_kappa_of_his_psychiatrists_is_his() -> None:
    ratings = read_ratings(FLEISS_1971, base=1, level_count=5)
    assert value_of(ratings, Coefficient.FLEISS) == pytest.approx(0.430, abs=5e-4)
    assert value_of(ratings, Coefficient.EXACT) == pytest.approx(0.555, abs=1e-3)


@pytest.mark.parametrize(
    ("coefficient", "published"),
    [
        (Coefficient.ALPHA_NOMINAL, 0.743),
        (Coefficient.ALPHA, 0.815),
        (Coefficient.ALPHA_INTERVAL, 0.849),
        (Coefficient.AC1, 0.775),
        (Coefficient.AC2, 0.914),
        (Coefficient.FLEISS, 0.761),
    ],
)
def test_coefficients_of_the_table_with_missing_grades_are_the_published_ones(
    coefficient: Coefficient, published: float
) -> None:
    ratings = read_ratings(KRIPPENDORFF_2011, base=1, level_count=5)
    assert value_of(ratings, coefficient) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("printed", PRINTED.values(), ids=PRINTED.keys())
def test_coefficients_equal_those_of_other_programs(printed: Printed) -> None:
    ratings = read_ratings(printed.rows, base=printed.base, level_count=printed.level_count)
    for coefficient, value in {**printed.irrcac, **printed.krippendorff}.items():
        assert value_of(ratings, coefficient) == pytest.approx(value, abs=1e-9), coefficient


def test_fleiss_kappa_equals_statsmodels_where_every_reader_graded() -> None:
    levels = np.random.default_rng(4).integers(0, 4, (200, 6))
    ratings = read_ratings(["".join(map(str, row)) for row in levels], level_count=4)
    table = np.stack([(levels == level).sum(axis=1) for level in range(4)], axis=1)
    assert value_of(ratings, Coefficient.FLEISS) == pytest.approx(fleiss_kappa(table), abs=1e-9)


def test_agreement_of_hand_counted_contours() -> None:
    # 0-0 agree, 0-1 are one apart, 0-2 are two apart; three pairs of readers in the last contour.
    ratings = read_ratings(["00.", "01.", "02.", "012"])
    assert value_of(ratings, Coefficient.EXACT) == pytest.approx((1 + 0 + 0 + 0) / 4)
    assert value_of(ratings, Coefficient.WITHIN_ONE) == pytest.approx((1 + 1 + 0 + 2 / 3) / 4)


def test_equal_grades_leave_kappa_and_alpha_undefined_and_say_why() -> None:
    ratings = read_ratings(["000", "00.", "000"])
    for coefficient in (Coefficient.FLEISS, Coefficient.FLEISS_QUADRATIC, Coefficient.ALPHA):
        measured = measure_agreement(ratings, coefficient)
        assert measured.value is None
        assert "All grades are equal" in measured.reason
    # AC2 does not divide by what chance leaves of one level.
    assert value_of(ratings, Coefficient.AC2) == pytest.approx(1.0)
    assert value_of(ratings, Coefficient.EXACT) == pytest.approx(1.0)


def test_one_reader_alone_is_compared_with_nobody() -> None:
    measured = measure_agreement(read_ratings(["0", "1", "2"]), Coefficient.AC2)
    assert (measured.value, measured.reason) == (None, "No contour has grades of two readers.")
    assert not measure_agreement(read_ratings([]), Coefficient.ALPHA).is_defined


@pytest.mark.parametrize(
    ("ratings", "words"),
    [
        ([Rating(unit="a", patient="p", reader="r", level=3)], "level from 0 to 2"),
        ([Rating(unit="a", patient="p", reader="r", level=-1)], "level from 0 to 2"),
        ([Rating(unit="a", patient="p", reader="r", level=1)] * 2, "found two"),
        (
            [
                Rating(unit="a", patient="p", reader="r", level=1),
                Rating(unit="a", patient="q", reader="s", level=1),
            ],
            "one patient",
        ),
    ],
)
def test_grades_that_cannot_be_are_refused(ratings: list[Rating], words: str) -> None:
    with pytest.raises(DataError, match=words):
        build_ratings(ratings, level_count=3)


def test_a_scale_of_one_level_is_refused() -> None:
    with pytest.raises(DataError, match="at least two levels"):
        build_ratings([], level_count=1)


def alpha_by_its_definition(rows: list[str]) -> Fraction | None:
    """1 - observed / expected, over all pairs of grades one by one, in fractions."""
    units = [[int(level) for level in row if level != "."] for row in rows]
    units = [unit for unit in units if len(unit) > 1]
    pooled = sorted(itertools.chain(*units))

    def apart(one: int, other: int) -> Fraction:
        low, high = min(one, other), max(one, other)
        between = sum(low <= level <= high for level in pooled)
        ends = Fraction(pooled.count(low) + pooled.count(high), 2)
        return (between - ends) ** 2 if low != high else Fraction(0)

    def mean_apart(levels: list[int]) -> Fraction:
        pairs = list(itertools.permutations(range(len(levels)), 2))
        return sum((apart(levels[i], levels[j]) for i, j in pairs), Fraction(0)) / len(pairs)

    expected = mean_apart(pooled) if pooled else Fraction(0)
    if not expected:
        return None
    observed = sum((mean_apart(unit) * len(unit) for unit in units), Fraction(0)) / len(pooled)
    return 1 - observed / expected


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_ordinal_alpha_is_what_its_definition_says(rows: list[str]) -> None:
    expected = alpha_by_its_definition(rows)
    found = value_of(read_ratings(rows), Coefficient.ALPHA)
    if expected is None:
        assert found is None
    else:
        assert found == pytest.approx(float(expected), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_neither_order_of_contours_nor_names_of_readers_matter(rows: list[str], chance) -> None:  # type: ignore[no-untyped-def]
    order = list(range(3))
    chance.shuffle(order)
    shuffled = ["".join(row[place] for place in order) for row in rows]
    chance.shuffle(shuffled)
    for coefficient in Coefficient:
        before = value_of(read_ratings(rows), coefficient)
        after = value_of(read_ratings(shuffled), coefficient)
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert after == pytest.approx(before, abs=1e-9)
            assert before <= 1 + 1e-12


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_a_scale_read_backwards_agrees_as_much(rows: list[str]) -> None:
    turned = [row.translate(str.maketrans("012", "210")) for row in rows]
    for coefficient in Coefficient:
        before, after = (value_of(read_ratings(r), coefficient) for r in (rows, turned))
        assert (before is None) == (after is None)
        if before is not None and after is not None:
            assert after == pytest.approx(before, abs=1e-9)


def test_intervals_hold_the_value_and_stay_within_bounds() -> None:
    ratings = read_ratings(PRINTED["larger"].rows)
    resamples = draw_resamples(np.random.default_rng(1), patients=40, readers=4, resamples=400)
    for coefficient in Coefficient:
        measured = measure_agreement(ratings, coefficient, resamples)
        assert measured.value is not None
        assert measured.interval is not None
        assert -1 <= measured.interval.low < measured.value < measured.interval.high <= 1


def test_two_readers_give_an_interval_for_them_alone() -> None:
    ratings = read_ratings([row[:2] for row in PRINTED["complete"].rows])
    resamples = draw_resamples(np.random.default_rng(1), patients=12, readers=2, resamples=300)
    measured = measure_agreement(ratings, Coefficient.AC2, resamples)
    assert measured.interval is not None
    assert "these readers alone" in measured.reason


def test_resampling_costs_the_same_however_many_contours_repeat_a_pattern() -> None:
    rng = np.random.default_rng(3)
    rows = ["".join(map(str, row)) for row in rng.integers(0, 3, (3000, 2))]
    ratings = read_ratings(rows)
    resamples = draw_resamples(rng, patients=3000, readers=2, resamples=200)
    measured = measure_agreement(ratings, Coefficient.AC2, resamples)
    assert measured.interval is not None
    # Grades at random: about 0, and the interval of 3,000 contours is narrow.
    assert measured.interval.high - measured.interval.low < 0.15
