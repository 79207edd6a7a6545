"""Where levels vary: patients, readers, and the rest, in closed form at any size.

Model: level = mean + patient + reader + rest, all random, cells may be missing. Moments: sums of
squared differences within patients, within readers and over all are set equal to what they are
expected to be (C. Henderson, Biometrics 1953;9:226, in the form of K. Gao, A. Owen, Electron J
Stat 2017;11:1235). In a complete study the result is that of the analysis of variance, which is
REML's where no component is negative. `mixed` fits the same model with statsmodels, for hundreds
of reads; its matrices are dense.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from han5k_review.statistics.estimates import CONFIDENCE, Estimate, Interval, undefined
from han5k_review.statistics.ratings import MISSING, Ratings


@dataclass(frozen=True, slots=True, kw_only=True)
class VarianceComponents:
    """Variances of levels. A negative moment counts as 0, and the reason says so.

    The reader variance has an interval: with few readers a lone number would mislead.
    """

    mean: float
    patient: Estimate
    reader: Estimate
    rest: Estimate

    @property
    def reader_share(self) -> float | None:
        """Share of the variance that is between readers; None where it is undefined."""
        parts = (self.patient.value, self.reader.value, self.rest.value)
        known = [part for part in parts if part is not None]
        if len(known) < len(parts) or not sum(known):
            return None
        return known[1] / sum(known)


def measure_components(
    ratings: Ratings, confidence: float = CONFIDENCE
) -> VarianceComponents | None:
    """Variance between contours (one of each patient), between readers, and the rest.

    None without a grade. Undefined with one reader, one contour, or no contour read twice.
    """
    given = ratings.levels != MISSING
    if not given.any():
        return None
    levels = np.where(given, ratings.levels, 0).astype(np.float64)
    mean = float(levels.sum() / given.sum())
    moments = _solve(levels, given)
    if moments is None:
        nothing = undefined("Patients, readers and the rest cannot be told apart in these reads.")
        return VarianceComponents(mean=mean, patient=nothing, reader=nothing, rest=nothing)
    patient, reader, rest = moments
    interval = _reader_interval(given, reader, rest, confidence)
    return VarianceComponents(
        mean=mean,
        patient=_component(patient),
        reader=_component(reader, interval),
        rest=_component(rest),
    )


def _solve(
    levels: NDArray[np.float64], given: NDArray[np.bool_]
) -> tuple[float, float, float] | None:
    number, rows, columns = given.sum(), given.any(axis=1).sum(), given.any(axis=0).sum()
    if rows < 2 or columns < 2 or number <= max(rows, columns):
        return None
    within_rows = _within(levels, given, axis=1)
    within_columns = _within(levels, given, axis=0)
    overall = float(number) * float((levels[given] ** 2).sum()) - float(levels.sum()) ** 2
    by_row = float((given.sum(axis=1).astype(np.float64) ** 2).sum())
    by_column = float((given.sum(axis=0).astype(np.float64) ** 2).sum())
    size = float(number)
    expected = np.array(
        [
            [0.0, size - rows, size - rows],
            [size - columns, 0.0, size - columns],
            [size**2 - by_row, size**2 - by_column, size**2 - size],
        ]
    )
    if abs(np.linalg.det(expected / size)) < 1e-9:
        return None
    patient, reader, rest = np.linalg.solve(expected, [within_rows, within_columns, overall])
    return float(patient), float(reader), float(rest)


def _within(levels: NDArray[np.float64], given: NDArray[np.bool_], axis: int) -> float:
    """Sum over rows (or columns) of squared distances from their own mean."""
    counts = np.maximum(given.sum(axis=axis), 1)
    return float(((levels**2).sum(axis=axis) - levels.sum(axis=axis) ** 2 / counts).sum())


def _reader_interval(
    given: NDArray[np.bool_], reader: float, rest: float, confidence: float
) -> Interval | None:
    """Chi-squared interval of the mean square between readers, less the rest.

    Sources: J. Tukey, Ann Math Stat 1951;22:576 and J. Williams, Biometrics 1962;18:278, with the
    rest taken as known; exact where each reader has many reads, and as many as the others.
    """
    readers = int(given.any(axis=0).sum())
    if reader <= 0:
        return None
    reads = float(given.sum()) / readers
    known = max(rest, 0.0)
    squares = (readers - 1) * (reads * reader + known)
    tail = (1 - confidence) / 2
    low, high = (
        max((squares / float(chdtri(readers - 1, upper)) - known) / reads, 0.0)
        for upper in (tail, 1 - tail)
    )
    return Interval(low=low, high=high, confidence=confidence)


def _component(moment: float, interval: Interval | None = None) -> Estimate:
    if moment <= 0:
        return Estimate(value=0.0, reason="The moment is negative: too little to be told from 0.")
    return Estimate(value=moment, interval=interval)
