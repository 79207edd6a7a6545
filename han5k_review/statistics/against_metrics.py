"""Grades against a metric (Dice, HD95, surface Dice, APL): do numbers tell what readers say.

Spearman's correlation, the area under the ROC curve for "acceptable", and the threshold that
separates best (Youden), each with a percentile interval over patients. Resamples are weights of
sorted values, so nothing is sorted twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from han5k_review.statistics.bootstrap import RESAMPLES, draw_resamples
from han5k_review.statistics.estimates import CONFIDENCE, Estimate, Interval, undefined

_FEWEST = 3
_FEWEST_OF_A_KIND = 5
_CELLS_AT_ONCE = 250_000  # what fits the processor's own memory


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedMetric:
    """A contour's metric and grade. Infinite distances are the largest; nan is left out."""

    patient: str
    value: float
    level: int
    acceptable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAgainstGrade:
    """What one metric tells of the grades of one structure.

    `spearman` is between metric and level (0 best): near -1 for Dice, near 1 for HD95, when the
    metric tells grades. `auc`: chance that an acceptable contour has the better value than an
    unacceptable one. `threshold` is the middle between the two values it lies between; beyond it
    (above for Dice, below for HD95) contours count as acceptable, with this share of the acceptable
    ones on the right side (`sensitivity`) and of the others (`specificity`).
    """

    contours: int
    acceptable: int
    spearman: Estimate
    auc: Estimate
    threshold: Estimate
    sensitivity: float | None
    specificity: float | None


def measure_against_grades(
    pairs: Iterable[GradedMetric],
    *,
    higher_is_better: bool,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
) -> MetricAgainstGrade:
    """Compare one metric with the grades; undefined, with a reason, where one side is constant."""
    known = [pair for pair in pairs if not math.isnan(pair.value)]
    places = {name: place for place, name in enumerate(sorted({p.patient for p in known}))}
    return measure_values_against_grades(
        np.array([places[pair.patient] for pair in known], dtype=np.int_),
        np.array([pair.value for pair in known], dtype=np.float64),
        np.array([pair.level for pair in known], dtype=np.float64),
        np.array([pair.acceptable for pair in known], dtype=np.bool_),
        higher_is_better=higher_is_better,
        generator=generator,
        resamples=resamples,
    )


def measure_values_against_grades(
    patients: NDArray[np.int_],
    values: NDArray[np.float64],
    levels: NDArray[np.float64],
    acceptable: NDArray[np.bool_],
    *,
    higher_is_better: bool,
    generator: np.random.Generator,
    resamples: int = RESAMPLES,
) -> MetricAgainstGrade:
    """The same for columns (contours,) as a cohort has them; no value is nan.

    `patients` are numbered from 0 without a gap, `values` have the metric's own unit (mm, cc, or
    none for a fraction), `levels` count from 0, the mildest.
    """
    order = np.argsort(values, kind="stable")
    place, values, levels = patients[order], values[order], levels[order]
    acceptable = acceptable[order]
    if len(values) < _FEWEST:
        nothing = undefined(f"Fewer than {_FEWEST} contours have a grade and this metric.")
        return _result(acceptable, nothing, nothing, nothing)
    count = int(place.max()) + 1
    drawn = draw_resamples(generator, patients=count, readers=0, resamples=resamples)
    draws = np.concatenate([np.ones((1, count)), drawn.patients])
    one_sided = bool(acceptable.all() or not acceptable.any())
    correlations, areas, thresholds = [], [], []
    best = (math.nan, math.nan)
    ranks = _Ranks(values), _Ranks(levels)
    # A few resamples at a time: all of them times all contours of a cohort are gigabytes.
    size = max(1, _CELLS_AT_ONCE // len(values))
    for first in range(0, len(draws), size):
        weights = draws[first : first + size, place]
        correlations.append(_spearman(*ranks, weights))
        if not one_sided:
            curve = _Curve(values, acceptable, weights, higher_is_better)
            best = curve.best if first == 0 else best
            areas.append(curve.area())
            thresholds.append(curve.thresholds())
    spearman = _settle(np.concatenate(correlations), "All metrics or all grades are equal.")
    if one_sided:
        same = undefined("All contours are acceptable, or none is: no threshold separates them.")
        return _result(acceptable, spearman, same, same)
    # With one or two of a kind all resamples hold the same ones: an interval would look certain.
    few = min(int(acceptable.sum()), int((~acceptable).sum())) < _FEWEST_OF_A_KIND
    kept = slice(0, 1) if few else slice(None)
    reason = f"Fewer than {_FEWEST_OF_A_KIND} acceptable or other contours: no interval."
    return _result(
        acceptable,
        spearman,
        _settle(np.concatenate(areas)[kept], reason),
        _settle(np.concatenate(thresholds)[kept], reason),
        *best,
    )


class _Curve:
    """ROC curves of weighted resamples; values rise along the last axis."""

    def __init__(
        self,
        values: NDArray[np.float64],
        acceptable: NDArray[np.bool_],
        weights: NDArray[np.float64],
        higher_is_better: bool,
    ) -> None:
        last = np.flatnonzero(np.append(values[1:] != values[:-1], True))
        self._values = values[last]
        good = np.cumsum(np.where(acceptable, weights, 0.0), axis=1)[:, last]
        bad = np.cumsum(np.where(acceptable, 0.0, weights), axis=1)[:, last]
        with np.errstate(invalid="ignore", divide="ignore"):
            # Shares at or below each distinct value, with 0 before the first.
            self._good = np.pad(good / good[:, -1:], ((0, 0), (1, 0)))
            self._bad = np.pad(bad / bad[:, -1:], ((0, 0), (1, 0)))
        self._higher = higher_is_better
        gap = self._bad - self._good if higher_is_better else self._good - self._bad
        # The last point holds everything, the first nothing: neither separates.
        inside = gap[:, 1:-1] if gap.shape[1] > 2 else gap[:, 1:]
        self._choice = np.where(
            np.isfinite(inside).all(axis=1), np.nan_to_num(inside).argmax(1), -1
        )

    def area(self) -> NDArray[np.float64]:
        """Areas under the curves (B,), ties counting half."""
        below = (np.diff(self._good, axis=1) * (self._bad[:, 1:] + self._bad[:, :-1])).sum(1) / 2
        return np.asarray(below if self._higher else 1 - below)

    def thresholds(self) -> NDArray[np.float64]:
        """Thresholds (B,): the middle between the value chosen and the next."""
        upper = np.minimum(self._choice + 1, len(self._values) - 1)
        middle = (self._values[self._choice] + self._values[upper]) / 2
        return np.where(self._choice >= 0, middle, math.nan)

    @property
    def best(self) -> tuple[float, float]:
        """Sensitivity and specificity at the threshold of the whole study."""
        below = int(self._choice[0]) + 1
        good, bad = float(self._good[0, below]), float(self._bad[0, below])
        return (1 - good, bad) if self._higher else (good, 1 - bad)


class _Ranks:
    """Midranks of the same values in one resample after the other."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        kinds, self._place = np.unique(values, return_inverse=True)
        ones = np.ones(len(values))
        self._sums = csr_array((ones, (np.arange(len(values)), self._place)))
        # Distinct values that rise, as most metrics do, are a kind each: nothing to add up.
        self._alone = len(kinds) == len(values) and bool((np.diff(self._place) > 0).all())

    def of(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Midranks (B, values) where each value stands `weight` times."""
        if self._alone:
            return np.asarray(np.cumsum(weights, axis=1) - weights / 2)
        counts = np.asarray(weights @ self._sums)
        return np.asarray((np.cumsum(counts, axis=1) - counts / 2)[:, self._place])


def _spearman(one: _Ranks, other: _Ranks, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlation of midranks of weighted resamples (B,); nan where one side is constant."""
    first, second = one.of(weights), other.of(weights)
    total = weights.sum(axis=1, keepdims=True)
    first = first - (weights * first).sum(axis=1, keepdims=True) / total
    second = second - (weights * second).sum(axis=1, keepdims=True) / total
    shared = (weights * first * second).sum(axis=1)
    size = np.sqrt((weights * first**2).sum(axis=1) * (weights * second**2).sum(axis=1))
    return np.where(size > 1e-9, shared / np.where(size > 1e-9, size, 1.0), math.nan)


def _settle(values: NDArray[np.float64], reason: str) -> Estimate:
    """The first value is the study's, the others are those of resamples."""
    if math.isnan(values[0]):
        return undefined(reason)
    known = values[1:][np.isfinite(values[1:])]
    if len(known) < max(2, (len(values) - 1) / 2):
        return Estimate(value=float(values[0]), reason=reason)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, (tail, 1 - tail))
    return Estimate(value=float(values[0]), interval=Interval(low=float(low), high=float(high)))


def _result(
    acceptable: NDArray[np.bool_],
    spearman: Estimate,
    auc: Estimate,
    threshold: Estimate,
    sensitivity: float | None = None,
    specificity: float | None = None,
) -> MetricAgainstGrade:
    return MetricAgainstGrade(
        contours=len(acceptable),
        acceptable=int(acceptable.sum()),
        spearman=spearman,
        auc=auc,
        threshold=threshold,
        sensitivity=sensitivity,
        specificity=specificity,
    )
