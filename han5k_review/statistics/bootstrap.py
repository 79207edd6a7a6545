"""The crossed bootstrap: how far a number moves with other patients and other readers.

Patients and readers are drawn with replacement, independently; a cell counts (draws of its
patient) x (draws of its reader) times. Drawing both counts the variance of single cells three
times (A. Owen, Ann Appl Stat 2007;1:386), and the plain percentile interval is too wide where
cells vary more than readers and too narrow where there are few readers. So patients alone (Vp),
readers alone (Vr) and both (Vb) are drawn; in a balanced study Vb - Vp - Vr is the variance of the
cells, counted once, and the variance of the number is Vp + Vr - (Vb - Vp - Vr), at least that of
the cells. The quantile is Student's, with Satterthwaite's degrees of freedom from patients - 1 and
readers - 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from han5k_review.statistics.estimates import (
    CONFIDENCE,
    Estimate,
    Interval,
    undefined,
)

RESAMPLES = 1000
_FEWEST_DEFINED = 0.5
_NOTHING = "There is nothing to compare."

Draws = NDArray[np.float64]
# (patient draws (B, patients), reader draws (B, readers)) -> values (numbers, B), nan: undefined
Statistic = Callable[[Draws, Draws], NDArray[np.float64]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resamples:
    """How often each patient (B, patients) and each reader (B, readers) was drawn."""

    patients: Draws
    readers: Draws

    def choose(self, patients: NDArray[np.bool_], readers: NDArray[np.bool_]) -> Resamples:
        """The draws of some patients (patients,) and readers (readers,): where True."""
        return Resamples(patients=self.patients[:, patients], readers=self.readers[:, readers])


def draw_resamples(
    generator: np.random.Generator, *, patients: int, readers: int, resamples: int = RESAMPLES
) -> Resamples:
    """Draw patients and readers with replacement, each as often as there are."""
    return Resamples(
        patients=_draw(generator, patients, resamples),
        readers=_draw(generator, readers, resamples),
    )


def measure_crossed(
    statistic: Statistic, resamples: Resamples, *, confidence: float = CONFIDENCE
) -> list[Estimate]:
    """The numbers (m,) of the whole study, each with its interval over patients and readers.

    In the statistic's own unit.

    With fewer than three readers the readers are kept as they are: the interval then holds for
    these readers alone, and the reason says so. No interval with fewer than two patients, or where
    a number is undefined in half of the resamples.
    """
    patients, readers = resamples.patients.shape[1], resamples.readers.shape[1]
    values = statistic(np.ones((1, patients)), np.ones((1, readers)))[:, 0]
    if patients < 2:
        alone = "One patient alone gives no interval."
        return [
            undefined(_NOTHING) if math.isnan(value) else Estimate(value=value, reason=alone)
            for value in map(float, values)
        ]
    same_readers, same_patients = np.ones_like(resamples.readers), np.ones_like(resamples.patients)
    by_patient = _variances(statistic(resamples.patients, same_readers))
    by_reader = cells = np.zeros_like(by_patient)
    reason = "Fewer than three readers: the interval holds for these readers alone."
    if readers >= 3:
        reason = ""
        by_reader = _variances(statistic(same_patients, resamples.readers))
        both = _variances(statistic(resamples.patients, resamples.readers))
        cells = np.maximum(both - by_patient - by_reader, 0.0)
        by_patient = by_patient * patients / (patients - 1)
        by_reader = by_reader * readers / (readers - 1)
    numbers = (patients, readers)
    return [
        _settle(float(value), (float(p), float(r), float(c)), numbers, confidence, reason)
        for value, p, r, c in zip(values, by_patient, by_reader, cells, strict=True)
    ]


def measure_mean(
    sums: NDArray[np.float64],
    counts: NDArray[np.float64],
    resamples: Resamples,
    *,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Mean over cells (patients, readers) that hold a sum of values and their number.

    For a paired difference the values are differences: levels or acceptable (0 or 1) of two
    rounds, arms or sources graded by the same reader in the same patient.
    """

    def mean(patients: Draws, readers: Draws) -> NDArray[np.float64]:
        total = ((patients @ counts) * readers).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = ((patients @ sums) * readers).sum(axis=1) / total
        return np.where(total > 0, means, math.nan)[None]

    return measure_crossed(mean, resamples, confidence=confidence)[0]


def _draw(generator: np.random.Generator, size: int, resamples: int) -> Draws:
    if not size:
        return np.zeros((resamples, 0))
    return generator.multinomial(size, np.full(size, 1 / size), size=resamples).astype(np.float64)


def _variances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance of each number over its resamples (numbers, B); nan where most are undefined."""
    known = np.isfinite(values).sum(axis=1)
    enough = known >= np.maximum(2, _FEWEST_DEFINED * values.shape[1])
    filled = np.where(enough[:, None], values, 0.0)
    return np.where(enough, np.nanvar(filled, axis=1, ddof=1), math.nan)


def _settle(
    value: float,
    variances: tuple[float, float, float],
    numbers: tuple[int, int],
    confidence: float,
    reason: str,
) -> Estimate:
    by_patient, by_reader, cells = variances
    if math.isnan(value):
        return undefined(_NOTHING)
    # Whatever the estimates say by chance, the variance is never less than that of the cells.
    variance = max(by_patient + by_reader - cells, cells)
    if math.isnan(by_patient + by_reader + cells):
        return Estimate(value=value, reason="Too few grades: most resamples have no value.")
    if variance <= 0:
        return Estimate(value=value, reason="No interval: patients and readers do not differ here.")
    patients, readers = numbers
    spread = by_patient**2 / (patients - 1) + by_reader**2 / max(readers - 1, 1)
    freedom = max(variance**2 / spread, 1.0)
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * math.sqrt(variance)
    interval = Interval(low=value - half, high=value + half, confidence=confidence)
    return Estimate(value=value, interval=interval, reason=reason)
