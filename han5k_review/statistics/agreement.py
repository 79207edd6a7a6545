"""Agreement of several readers: exact, within one, Fleiss' kappa, Gwet's AC2, Krippendorff's alpha.

All are one comparison: the agreement that was observed between readers of one contour against
what chance would give; they differ in what chance means. Readers may be missing anywhere.
Sources: J. Fleiss, Psychol Bull 1971;76:378; K. Gwet, Br J Math Stat Psychol 2008;61:29 and
Handbook of Inter-Rater Reliability, 4th ed. 2014 (weights, missing grades); K. Krippendorff,
Computing Krippendorff's Alpha-Reliability, 2011.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from han5k_review.statistics.bootstrap import Draws, Resamples, measure_crossed
from han5k_review.statistics.estimates import Estimate, Interval, build_estimate, undefined
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
    """One coefficient; see `measure_coefficients`."""
    return measure_coefficients(ratings, (coefficient,), resamples)[coefficient]


def measure_coefficients(
    ratings: Ratings, coefficients: Sequence[Coefficient], resamples: Resamples | None = None
) -> dict[Coefficient, Estimate]:
    """Coefficients, with crossed-bootstrap intervals where resamples of all patients are given.

    Undefined, with the reason, where no contour has two grades, and (kappa and alpha, which divide
    by the disagreement that chance would give) where all grades are equal.
    """
    if not ratings.compared:
        return dict.fromkeys(coefficients, undefined(NOBODY_COMPARED))
    seen = np.bincount(ratings.patient_of, minlength=len(ratings.patients)) > 0
    reading = (ratings.levels != MISSING).any(axis=0)
    patterns = build_patterns(ratings)
    patterns = Patterns(
        levels=patterns.levels[:, reading], by_patient=patterns.by_patient[np.flatnonzero(seen)]
    )

    def statistic(patients: Draws, readers: Draws) -> NDArray[np.float64]:
        return _measure(patterns, ratings.level_count, coefficients, patients, readers)

    if resamples is None:
        values = statistic(np.ones((1, seen.sum())), np.ones((1, reading.sum())))[:, 0]
        measured = [build_estimate(float(value), ALL_EQUAL) for value in values]
    else:
        measured = measure_crossed(statistic, resamples.choose(seen, reading))
    return {
        coefficient: _within_bounds(estimate, coefficient)
        if estimate.is_defined
        else undefined(ALL_EQUAL)
        for coefficient, estimate in zip(coefficients, measured, strict=True)
    }


def _within_bounds(measured: Estimate, coefficient: Coefficient) -> Estimate:
    if measured.interval is None:
        return measured
    least = 0.0 if coefficient in (Coefficient.EXACT, Coefficient.WITHIN_ONE) else -1.0
    interval = Interval(
        low=max(measured.interval.low, least),
        high=min(measured.interval.high, 1.0),
        confidence=measured.interval.confidence,
    )
    return replace(measured, interval=interval)


def _measure(
    patterns: Patterns,
    level_count: int,
    coefficients: Sequence[Coefficient],
    patients: Draws,
    readers: Draws,
) -> NDArray[np.float64]:
    """Coefficients of each resample (coefficients, B), a few resamples at a time."""
    size = max(1, _CELLS_AT_ONCE // max(1, len(patterns.levels) * level_count))
    parts = []
    for first in range(0, len(patients), size):
        chosen = slice(first, first + size)
        pairs = _count_pairs(patterns, level_count, patients[chosen], readers[chosen])
        parts.append(np.stack([_coefficient(pairs, each) for each in coefficients]))
    return np.concatenate(parts, axis=1)


def _count_pairs(patterns: Patterns, level_count: int, patients: Draws, readers: Draws) -> _Pairs:
    row, reader = np.nonzero(patterns.levels != MISSING)
    cell = row * level_count + patterns.levels[row, reader]
    # Sparse: few of the readers graded a contour, and one core is as quick as many.
    given = csr_array(
        (np.ones(len(row)), (reader, cell)),
        shape=(readers.shape[1], len(patterns.levels) * level_count),
    )
    shape = (len(readers), len(patterns.levels), level_count)
    counts = np.ascontiguousarray(readers @ given).reshape(shape)  # grades
    selves = np.ascontiguousarray(readers**2 @ given).reshape(shape)  # a reader with itself
    number = counts.sum(axis=2)
    pairs = number**2 - selves.sum(axis=2)
    weight = np.asarray(patients @ patterns.by_patient)  # (B, patterns)
    compared = np.where(pairs > 0, weight, 0.0)
    each = compared / np.where(pairs > 0, pairs, 1.0)
    rated = np.where(number > 0, weight, 0.0)

    def sum_pairs(scale: NDArray[np.float64]) -> NDArray[np.float64]:
        summed = np.swapaxes(counts * scale[:, :, None], 1, 2) @ counts
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
