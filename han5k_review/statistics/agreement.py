"""Agreement of several readers: exact, within one, Fleiss' kappa, Gwet's AC2, Krippendorff's alpha.

All are one comparison: the agreement that was observed between readers of one contour against
what chance would give; they differ in what chance means. Readers may be missing anywhere.
Sources: J. Fleiss, Psychol Bull 1971;76:378; K. Gwet, Br J Math Stat Psychol 2008;61:29 and
Handbook of Inter-Rater Reliability, 4th ed. 2014 (weights, missing grades); K. Krippendorff,
Computing Krippendorff's Alpha-Reliability, 2011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from han5k_review.statistics.bootstrap import Draws, Resamples, measure_crossed
from han5k_review.statistics.estimates import Estimate, Interval, undefined
from han5k_review.statistics.ratings import MISSING, Patterns, Ratings, build_patterns
from han5k_review.statistics.weights import Weighting, build_weights

_CELLS_AT_ONCE = 4_000_000


class Coefficient(StrEnum):
    """What is measured."""

    EXACT = "exact agreement"
    WITHIN_ONE = "agreement within one level"
    FLEISS = "Fleiss' kappa"
    FLEISS_QUADRATIC = "Fleiss' kappa, quadratic weights"
    AC1 = "Gwet's AC1"
    AC2 = "Gwet's AC2, quadratic weights"
    ALPHA_NOMINAL = "Krippendorff's alpha, nominal"
    ALPHA = "Krippendorff's alpha, ordinal"
    ALPHA_INTERVAL = "Krippendorff's alpha, interval"


_WEIGHTING = {
    Coefficient.EXACT: Weighting.IDENTITY,
    Coefficient.WITHIN_ONE: Weighting.WITHIN_ONE,
    Coefficient.FLEISS: Weighting.IDENTITY,
    Coefficient.FLEISS_QUADRATIC: Weighting.QUADRATIC,
    Coefficient.AC1: Weighting.IDENTITY,
    Coefficient.AC2: Weighting.QUADRATIC,
    Coefficient.ALPHA_NOMINAL: Weighting.IDENTITY,
    Coefficient.ALPHA_INTERVAL: Weighting.QUADRATIC,
}
_ALPHAS = (Coefficient.ALPHA_NOMINAL, Coefficient.ALPHA, Coefficient.ALPHA_INTERVAL)
NOBODY_COMPARED = "No contour has grades of two readers."
ALL_EQUAL = "All grades are equal: against chance, such grades tell nothing of agreement."


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pairs:
    """B resamples in numbers: `agreed` (B, levels, levels) is the mean over contours of the share
    of pairs of readers that gave these two levels; `prevalence` (B, levels) the mean share of each
    level; `coincidences` (B, levels, levels) Krippendorff's, whose sum is the number of grades.
    """

    agreed: NDArray[np.float64]
    prevalence: NDArray[np.float64]
    coincidences: NDArray[np.float64]


def measure_agreement(
    ratings: Ratings, coefficient: Coefficient, resamples: Resamples | None = None
) -> Estimate:
    """One coefficient, with its crossed-bootstrap interval where resamples are given.

    Undefined, with the reason, where no contour has two grades, and (kappa and alpha, which divide
    by the disagreement that chance would give) where all grades are equal.
    """
    if not ratings.compared:
        return undefined(NOBODY_COMPARED)
    patterns = build_patterns(ratings)

    def statistic(patients: Draws, readers: Draws) -> NDArray[np.float64]:
        return _measure(patterns, ratings.level_count, coefficient, patients, readers)

    if resamples is None:
        one = np.ones((1, len(ratings.patients))), np.ones((1, len(ratings.readers)))
        value = float(statistic(*one)[0])
        return undefined(ALL_EQUAL) if math.isnan(value) else Estimate(value=value)
    measured = measure_crossed(statistic, resamples)
    if measured.value is None:
        return undefined(ALL_EQUAL)
    return _within_bounds(measured, coefficient)


def _within_bounds(measured: Estimate, coefficient: Coefficient) -> Estimate:
    if measured.interval is None:
        return measured
    least = 0.0 if coefficient in (Coefficient.EXACT, Coefficient.WITHIN_ONE) else -1.0
    interval = Interval(
        low=max(measured.interval.low, least),
        high=min(measured.interval.high, 1.0),
        confidence=measured.interval.confidence,
    )
    return Estimate(value=measured.value, interval=interval, reason=measured.reason)


def _measure(
    patterns: Patterns, level_count: int, coefficient: Coefficient, patients: Draws, readers: Draws
) -> NDArray[np.float64]:
    """The coefficient of each resample, a few resamples at a time."""
    size = max(1, _CELLS_AT_ONCE // max(1, len(patterns.levels) * level_count))
    parts = [
        _coefficient(
            _count_pairs(
                patterns, level_count, patients[first : first + size], readers[first : first + size]
            ),
            coefficient,
        )
        for first in range(0, len(patients), size)
    ]
    return np.concatenate(parts)


def _count_pairs(patterns: Patterns, level_count: int, patients: Draws, readers: Draws) -> _Pairs:
    given = patterns.levels[None] == np.arange(level_count)[:, None, None]
    given = given & (patterns.levels != MISSING)[None]
    counts = np.einsum("ktr,br->btk", given, readers, optimize=True)  # grades of each level
    selves = np.einsum("ktr,br->btk", given, readers**2, optimize=True)  # a reader with itself
    number = counts.sum(axis=2)
    pairs = number**2 - selves.sum(axis=2)
    weight = np.asarray(patients @ patterns.by_patient)  # (B, patterns)
    compared = np.where(pairs > 0, weight, 0.0)
    each = compared / np.where(pairs > 0, pairs, 1.0)
    rated = np.where(number > 0, weight, 0.0)

    def sum_pairs(scale: NDArray[np.float64]) -> NDArray[np.float64]:
        summed = np.einsum("bt,btk,btl->bkl", scale, counts, counts, optimize=True)
        diagonal = np.arange(level_count)
        summed[:, diagonal, diagonal] -= np.einsum("bt,btk->bk", scale, selves)
        return np.asarray(summed, dtype=np.float64)

    with np.errstate(invalid="ignore", divide="ignore"):
        agreed = sum_pairs(each) / compared.sum(axis=1)[:, None, None]
        share = rated / np.where(number > 0, number, 1.0)
        prevalence = np.einsum("bt,btk->bk", share, counts) / rated.sum(axis=1)[:, None]
    return _Pairs(agreed=agreed, prevalence=prevalence, coincidences=sum_pairs(each * number))


def _coefficient(pairs: _Pairs, coefficient: Coefficient) -> NDArray[np.float64]:
    level_count = pairs.prevalence.shape[1]
    if coefficient in _ALPHAS:
        return _alpha(pairs.coincidences, coefficient)
    weights = build_weights(_WEIGHTING[coefficient], level_count)
    observed = (pairs.agreed * weights).sum(axis=(1, 2))
    if coefficient in (Coefficient.EXACT, Coefficient.WITHIN_ONE):
        return np.asarray(observed)
    share = pairs.prevalence
    if coefficient in (Coefficient.AC1, Coefficient.AC2):
        chance = weights.sum() / (level_count * (level_count - 1)) * (share * (1 - share)).sum(1)
    else:
        chance = np.einsum("bk,kl,bl->b", share, weights, share)
    return _against(1 - observed, 1 - chance)


def _alpha(coincidences: NDArray[np.float64], coefficient: Coefficient) -> NDArray[np.float64]:
    """1 - observed / expected disagreement, from coincidences (B, levels, levels)."""
    totals = coincidences.sum(axis=2)
    number = totals.sum(axis=1)
    if coefficient is Coefficient.ALPHA:
        # Ordinal: how many grades lie between the two levels, half of those on them.
        middle = np.cumsum(totals, axis=1) - totals / 2
        apart = (middle[:, :, None] - middle[:, None, :]) ** 2
    else:
        apart = 1 - build_weights(_WEIGHTING[coefficient], totals.shape[1])[None]
    observed = (coincidences * apart).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * apart).sum(axis=(1, 2))
    return _against(observed * (number - 1), expected)


def _against(observed: NDArray[np.float64], chance: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 - observed / chance disagreement; nan where chance gives none."""
    possible = chance > 1e-12
    return np.where(possible, 1 - observed / np.where(possible, chance, 1.0), math.nan)
