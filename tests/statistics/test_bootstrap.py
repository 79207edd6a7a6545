from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.statistics.bootstrap import (
    Draws,
    Resamples,
    draw_resamples,
    measure_crossed,
    measure_mean,
)


def studies(
    rng: np.random.Generator, patients: int, readers: int, spreads: tuple[float, float, float]
) -> NDArray[np.float64]:
    patient, reader, rest = spreads
    return (
        rng.normal(0, patient, (patients, 1))
        + rng.normal(0, reader, (1, readers))
        + rng.normal(0, rest, (patients, readers))
    )


@pytest.mark.parametrize("spreads", [(1.0, 0.0, 0.3), (0.3, 1.0, 0.3), (0.0, 0.0, 1.0)])
def test_the_interval_is_as_wide_as_the_variance_of_the_mean_says(
    spreads: tuple[float, float, float],
) -> None:
    # The truth in closed form; each component dominates once. Mean over 60 studies.
    rng = np.random.default_rng(5)
    resamples = draw_resamples(rng, patients=30, readers=10, resamples=400)
    ones = np.ones((30, 10))
    widths = []
    for _ in range(60):
        measured = measure_mean(studies(rng, 30, 10, spreads), ones, resamples)
        assert measured.interval is not None
        widths.append(((measured.interval.high - measured.interval.low) / 2) ** 2)
    patient, reader, rest = spreads
    truth = patient**2 / 30 + reader**2 / 10 + rest**2 / 300
    # Student with 9 degrees of freedom where readers matter or nobody does, or with many.
    quantile = 2.0 if patient > rest else 2.262
    assert np.mean(widths) == pytest.approx(truth * quantile**2, rel=0.25)


def test_the_same_seed_gives_the_same_interval() -> None:
    values = studies(np.random.default_rng(1), 12, 4, (1, 1, 1))
    results = [
        measure_mean(
            values,
            np.ones((12, 4)),
            draw_resamples(np.random.default_rng(9), patients=12, readers=4, resamples=100),
        )
        for _ in range(2)
    ]
    assert results[0] == results[1]


def test_missing_cells_are_left_out_of_the_mean() -> None:
    sums = np.array([[1.0, 0.0, 1.0], [0.0, 0.0, 4.0]])
    counts = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 2.0]])
    resamples = draw_resamples(np.random.default_rng(0), patients=2, readers=3, resamples=200)
    assert measure_mean(sums, counts, resamples).value == pytest.approx(6 / 5)


def test_what_gives_no_interval_says_why() -> None:
    def of(patients: int, readers: int, values: float = 1.0) -> str:
        resamples = draw_resamples(
            np.random.default_rng(0), patients=patients, readers=readers, resamples=50
        )
        cells = np.full((patients, readers), values)
        return measure_mean(cells, np.ones_like(cells), resamples).reason

    assert "One patient alone" in of(1, 4)
    assert "do not differ" in of(6, 4)
    assert "nothing to compare" in of(0, 4)
    empty = draw_resamples(np.random.default_rng(0), patients=4, readers=3, resamples=50)
    assert measure_mean(np.zeros((4, 3)), np.zeros((4, 3)), empty).value is None


def test_a_statistic_that_most_resamples_leave_undefined_has_no_interval() -> None:
    def only_everyone(patients: Draws, readers: Draws) -> NDArray[np.float64]:
        return np.where((patients == 1).all(axis=1), 1.0, math.nan)[None]

    resamples = draw_resamples(np.random.default_rng(0), patients=9, readers=4, resamples=60)
    (measured,) = measure_crossed(only_everyone, resamples)
    assert (measured.value, measured.interval) == (1.0, None)
    assert "Too few grades" in measured.reason


def test_every_resample_draws_as_many_as_there_are() -> None:
    resamples = draw_resamples(np.random.default_rng(0), patients=7, readers=3, resamples=40)
    assert isinstance(resamples, Resamples)
    assert (resamples.patients.sum(axis=1) == 7).all()
    assert (resamples.readers.sum(axis=1) == 3).all()
