from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.errors import DataError
from han5k_review.statistics.fixed import find_fixed_plan
from han5k_review.statistics.planning import (
    Spread,
    StudySize,
    find_boundary,
    find_repeats,
    list_fixed_points,
    list_sequential_points,
    measure_effort,
    measure_half_width,
)
from han5k_review.statistics.sequential import measure_log_e


@pytest.mark.parametrize(
    ("limit", "share", "median"),
    [(0.90, 0.97, 85), (0.90, 0.99, 42), (0.95, 0.99, 134), (0.95, 0.999, 87)],
)
def test_median_reads_are_those_of_the_simulation_behind_the_design(
    limit: float, share: float, median: int
) -> None:
    # Simulated beforehand with a grid of 40 shares: one read is the difference to the integral.
    (point,) = list_sequential_points(limit=limit, error_rate=0.05, most_reads=300, shares=[share])
    assert point.median_reads == pytest.approx(median, abs=1)


@pytest.mark.parametrize(("limit", "simulated"), [(0.90, 0.032), (0.95, 0.024)])
def test_false_releases_at_the_limit_are_fewer_than_the_error_rate(
    limit: float, simulated: float
) -> None:
    (point,) = list_sequential_points(limit=limit, error_rate=0.05, most_reads=300, shares=[limit])
    assert point.release_chance == pytest.approx(simulated, abs=0.003)
    assert point.median_reads is None


def test_the_boundary_is_where_the_e_value_reaches_its_mark() -> None:
    boundary = find_boundary(limit=0.9, error_rate=0.05, most_reads=200)
    for reads, allowed in enumerate(boundary):
        if allowed >= 0:
            assert measure_log_e(reads - allowed, reads, 0.9) >= math.log(20)
        assert measure_log_e(reads - allowed - 1, reads, 0.9) < math.log(20)
    assert boundary[0] == -1
    assert (np.diff(boundary) >= 0).all()


def test_a_fixed_plan_takes_all_its_reads() -> None:
    plan = find_fixed_plan(limit=0.95, error_rate=0.05, failures=0)
    points = list_fixed_points(plan, [0.97, 0.99])
    assert [round(point.release_chance, 2) for point in points] == [0.17, 0.55]
    assert [point.median_reads for point in points] == [None, 59]


def test_effort_is_counted_grade_by_grade() -> None:
    # The full cohort of DOMAIN.md: 163,954 grades at 10 s are 455 hours.
    size = StudySize(cases=3346, structures=49, readers=1, reads_per_case=1, seconds_per_grade=10)
    effort = measure_effort(size)
    assert effort.grades == 163_954
    assert effort.minutes / 60 == pytest.approx(455, abs=1)
    small = measure_effort(
        StudySize(
            cases=60,
            structures=10,
            readers=4,
            reads_per_case=2,
            seconds_per_grade=15,
            repeat_share=0.1,
            planted_share=0.05,
            calibration_cases=3,
        )
    )
    assert (small.repeats, small.planted, small.calibration) == (120, 60, 120)
    assert small.grades == 1500
    assert small.minutes_per_reader == pytest.approx(1500 * 15 / 60 / 4)


def test_fewer_readers_than_reads_of_a_case_are_refused() -> None:
    size = StudySize(cases=10, structures=1, readers=1, reads_per_case=2, seconds_per_grade=10)
    with pytest.raises(DataError, match="At least 2 readers"):
        measure_effort(size)


def test_more_readers_help_where_more_cases_do_not() -> None:
    spread = Spread(patient=0.4, reader=0.3, rest=0.4)

    def half(cases: int, readers: int) -> float:
        size = StudySize(
            cases=cases, structures=1, readers=readers, reads_per_case=2, seconds_per_grade=10
        )
        return measure_half_width(size, spread)

    assert half(2000, 3) > half(60, 8)
    assert half(60, 8) > half(60, 12)
    # Two readers and no other variance: Student with 1 degree of freedom is 12.706.
    two = StudySize(cases=50, structures=1, readers=2, reads_per_case=2, seconds_per_grade=10)
    lone = measure_half_width(two, Spread(patient=0.0, reader=0.3, rest=0.0))
    assert lone == pytest.approx(12.7062 * 0.3 / math.sqrt(2), rel=1e-4)
    assert half(60, 1) == math.inf


def test_repeats_are_enough_for_the_width_that_is_wanted() -> None:
    # Wilson at 80 %: 61 repeats are within 10 points, by Newcombe's formula.
    repeats = find_repeats(agreement=0.8, half_width=0.1)
    assert 58 <= repeats <= 62
    with pytest.raises(DataError, match="At most 10 repeats"):
        find_repeats(agreement=0.8, half_width=0.01, most=10)
