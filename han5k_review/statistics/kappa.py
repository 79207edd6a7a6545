"""Cohen's weighted kappa of two readers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from han5k_review.statistics.agreement import ALL_EQUAL, NOBODY_COMPARED
from han5k_review.statistics.bootstrap import Resamples
from han5k_review.statistics.estimates import CONFIDENCE, Estimate, Interval, undefined
from han5k_review.statistics.ratings import MISSING, Ratings
from han5k_review.statistics.weights import Weighting, build_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Two readers on the contours that both graded.

    `bias` is the mean level of the second minus that of the first: above 0 the second is stricter.
    """

    first: str
    second: str
    compared: int
    exact: Estimate
    within_one: Estimate
    kappa: Estimate
    bias: Estimate


def measure_kappa(
    table: NDArray[np.float64], weighting: Weighting = Weighting.QUADRATIC
) -> NDArray[np.float64]:
    """Kappa (...), no unit, of tables (..., levels, levels) of counts: first reader by second.

    nan where chance alone would agree in full: both readers gave one and the same level only.
    Source: J. Cohen, Psychol Bull 1968;70:213.
    """
    weights = 1 - build_weights(weighting, table.shape[-1])
    total = table.sum(axis=(-2, -1))
    first, second = table.sum(axis=-1), table.sum(axis=-2)
    observed = (table * weights).sum(axis=(-2, -1)) * total
    expected = np.einsum("...k,kl,...l->...", first, weights, second)
    possible = expected > 0
    return np.where(possible, 1 - observed / np.where(possible, expected, 1.0), math.nan)


def measure_pair(
    ratings: Ratings, first: str, second: str, resamples: Resamples | None = None
) -> PairAgreement:
    """Two readers: agreement, quadratic-weighted kappa and bias, with intervals over patients.

    Intervals (percentiles of the resampled patients) hold for these two readers alone.
    """
    levels = ratings.levels[:, [ratings.readers.index(reader) for reader in (first, second)]]
    both = (levels != MISSING).all(axis=1)
    kinds = ratings.level_count**2
    cells = levels[both, 0].astype(np.intp) * ratings.level_count + levels[both, 1]
    tables = np.bincount(cells, minlength=kinds).astype(np.float64)[None]
    if resamples is not None:
        shape = (len(ratings.patients), kinds)
        counts = csr_array((np.ones(len(cells)), (ratings.patient_of[both], cells)), shape=shape)
        tables = np.concatenate([tables, np.asarray(resamples.patients @ counts)])
    return _measure(first, second, tables.reshape(-1, ratings.level_count, ratings.level_count))


def measure_table(first: str, second: str, table: NDArray[np.float64]) -> PairAgreement:
    """The same from counts (levels, levels), first reader by second, without intervals."""
    return _measure(first, second, table[None])


def list_pairs(ratings: Ratings, resamples: Resamples | None = None) -> list[PairAgreement]:
    """Every two readers, in the order of their names."""
    return [
        measure_pair(ratings, first, second, resamples)
        for place, first in enumerate(ratings.readers)
        for second in ratings.readers[place + 1 :]
    ]


def measure_mean_kappa(pairs: list[PairAgreement]) -> Estimate:
    """Mean of the kappas of all pairs of readers that have one.

    Source: R. Light, Psychol Bull 1971;76:365.
    """
    known = [pair.kappa.value for pair in pairs if pair.kappa.value is not None]
    if known:
        return Estimate(value=sum(known) / len(known))
    return undefined(pairs[0].kappa.reason if pairs else NOBODY_COMPARED)


def _measure(first: str, second: str, tables: NDArray[np.float64]) -> PairAgreement:
    """From tables (1 + B, levels, levels): that of all patients, then those of resamples."""
    level_count = tables.shape[-1]
    levels = np.arange(level_count, dtype=np.float64)
    compared = int(tables[0].sum())
    exact, within = (
        _mean(tables, build_weights(weighting, level_count))
        for weighting in (Weighting.IDENTITY, Weighting.WITHIN_ONE)
    )
    return PairAgreement(
        first=first,
        second=second,
        compared=compared,
        exact=_settle(exact, NOBODY_COMPARED),
        within_one=_settle(within, NOBODY_COMPARED),
        kappa=_settle(measure_kappa(tables), ALL_EQUAL if compared else NOBODY_COMPARED),
        bias=_settle(_mean(tables, levels[None, :] - levels[:, None]), NOBODY_COMPARED),
    )


def _mean(tables: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    total = tables.sum(axis=(1, 2))
    summed = (tables * scores).sum(axis=(1, 2))
    return np.where(total > 0, summed / np.where(total > 0, total, 1.0), math.nan)


def _settle(values: NDArray[np.float64], reason: str) -> Estimate:
    """The first value is that of all patients, the others those of resamples."""
    if math.isnan(values[0]):
        return undefined(reason)
    known = values[1:][np.isfinite(values[1:])]
    interval = None
    if len(known) >= max(2, (len(values) - 1) / 2):
        tail = (1 - CONFIDENCE) / 2
        low, high = np.quantile(known, (tail, 1 - tail))
        interval = Interval(low=float(low), high=float(high))
    return Estimate(value=float(values[0]), interval=interval)
