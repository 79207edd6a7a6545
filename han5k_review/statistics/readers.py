"""One reader: bias against the others, and agreement with the own earlier grades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.statistics.bootstrap import Resamples, draw_resamples, measure_mean
from han5k_review.statistics.estimates import Estimate, undefined
from han5k_review.statistics.kappa import PairAgreement, measure_pair
from han5k_review.statistics.ratings import MISSING, Rating, Ratings, build_ratings

_FIRST, _AGAIN = "first read", "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderBias:
    """Mean level of a reader minus the mean of the other readers of the same contour.

    Above 0 the reader is stricter than the others. `compared`: contours that others graded too.
    """

    reader: str
    compared: int
    bias: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A contour that one reader graded twice, without knowing."""

    unit: str
    patient: str
    level: int
    level_again: int


def list_biases(ratings: Ratings, resamples: Resamples) -> list[ReaderBias]:
    """Every reader's bias, with intervals over patients."""
    given = ratings.levels != MISSING
    levels = np.where(given, ratings.levels, 0).astype(np.float64)
    others = given.sum(axis=1, keepdims=True) - given
    rest = levels.sum(axis=1, keepdims=True) - levels
    compared = given & (others > 0)
    apart = np.where(compared, levels - rest / np.maximum(others, 1), 0.0)
    return [
        ReaderBias(
            reader=reader,
            compared=int(compared[:, place].sum()),
            bias=_mean_over_patients(ratings, apart[:, place], compared[:, place], resamples),
        )
        for place, reader in enumerate(ratings.readers)
    ]


def measure_repeats(
    repeats: Iterable[Repeat], *, level_count: int, generator: np.random.Generator | None = None
) -> PairAgreement:
    """One reader against the own repeats; above 0 the bias says that repeats are stricter.

    With a generator, patients are resampled for the intervals.
    """
    graded = [
        Rating(unit=repeat.unit, patient=repeat.patient, reader=name, level=level)
        for repeat in repeats
        for name, level in ((_FIRST, repeat.level), (_AGAIN, repeat.level_again))
    ]
    if not graded:
        nothing = undefined("This reader has no repeats: agreement with oneself is not known.")
        return PairAgreement(
            first=_FIRST,
            second=_AGAIN,
            compared=0,
            exact=nothing,
            within_one=nothing,
            kappa=nothing,
            bias=nothing,
        )
    ratings = build_ratings(graded, level_count=level_count)
    resamples = (
        draw_resamples(generator, patients=len(ratings.patients), readers=2) if generator else None
    )
    return measure_pair(ratings, _FIRST, _AGAIN, resamples)


def _mean_over_patients(
    ratings: Ratings,
    values: NDArray[np.float64],
    counted: NDArray[np.bool_],
    resamples: Resamples,
) -> Estimate:
    size = len(ratings.patients)
    sums = np.zeros((size, 1))
    counts = np.zeros((size, 1))
    np.add.at(sums[:, 0], ratings.patient_of, values)
    np.add.at(counts[:, 0], ratings.patient_of, counted)
    alone = Resamples(patients=resamples.patients, readers=np.ones((len(resamples.readers), 1)))
    if not counts.any():
        return undefined("No other reader graded the same contours.")
    measured = measure_mean(sums, counts, alone)
    return Estimate(
        value=measured.value,
        interval=measured.interval,
        reason="" if measured.interval else measured.reason,
    )
