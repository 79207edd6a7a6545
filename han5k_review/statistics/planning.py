"""Planning: how many cases, readers and repeats, what they can show, and how long it takes.

The planner gives operating characteristics, not a number alone: a structure that is 97 % acceptable
passes 59 reads without a failure in 17 % of studies. All are exact (binomial, or the exact walk of
the sequential certificate), nothing is simulated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import CONFIDENCE, check_fraction
from han5k_review.statistics.fixed import FixedPlan, measure_release_chance
from han5k_review.statistics.sequential import measure_log_e
from han5k_review.statistics.shares import measure_wilson_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What a certificate does with a structure of which `share` is acceptable.

    `median_reads` is None where fewer than half of such structures are released; `mean_reads`
    counts all reads, also of those that are not released.
    """

    share: float
    release_chance: float
    median_reads: int | None
    mean_reads: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySize:
    """What the lead chooses; shares are of the first reads (0.1: one repeat per ten)."""

    cases: int
    structures: int
    readers: int
    reads_per_case: int
    seconds_per_grade: float
    repeat_share: float = 0.0
    planted_share: float = 0.0
    calibration_cases: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEffort:
    """Grades and expert time; calibration cases are read by every reader."""

    grades: int
    repeats: int
    planted: int
    calibration: int
    minutes: float
    minutes_per_reader: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Standard deviations of levels between patients, between readers, and of the rest."""

    patient: float
    reader: float
    rest: float


def list_fixed_points(plan: FixedPlan, shares: Sequence[float]) -> list[OperatingPoint]:
    """Operating characteristics of a fixed certificate: every study takes all reads."""
    chances = [measure_release_chance(plan, share) for share in shares]
    return [
        OperatingPoint(
            share=share,
            release_chance=chance,
            median_reads=plan.reads if chance >= 0.5 else None,
            mean_reads=float(plan.reads),
        )
        for share, chance in zip(shares, chances, strict=True)
    ]


def list_sequential_points(
    *, limit: float, error_rate: float, most_reads: int, shares: Sequence[float]
) -> list[OperatingPoint]:
    """Operating characteristics of the sequential certificate, stopped after `most_reads`."""
    allowed = find_boundary(limit=limit, error_rate=error_rate, most_reads=most_reads)
    return [_walk(allowed, share) for share in shares]


def find_boundary(*, limit: float, error_rate: float, most_reads: int) -> NDArray[np.int64]:
    """Most failures, a count, that release a structure after n reads (most_reads + 1,); -1: none.

    This is the boundary of the certificate's curve.
    """
    check_fraction("The error rate", error_rate)
    reads = np.arange(most_reads + 1)
    failures = np.arange(most_reads + 1)
    allowed = np.full(most_reads + 1, -1, dtype=np.int64)
    for count in failures:
        later = reads[reads >= count]
        passed = measure_log_e(later - count, later, limit) >= -math.log(error_rate)
        if not passed.any():
            break
        allowed[later[passed]] = count
    return allowed


def measure_effort(size: StudySize) -> StudyEffort:
    """Grades and minutes of a study. DataError for fewer readers than reads per case."""
    if size.reads_per_case > size.readers:
        raise DataError(
            f"At least {size.reads_per_case} readers were expected for {size.reads_per_case} reads "
            f"of each case, found {size.readers}. Add readers, or plan fewer reads per case."
        )
    first = size.cases * size.structures * size.reads_per_case
    repeats = math.ceil(first * size.repeat_share)
    planted = math.ceil(first * size.planted_share)
    calibration = size.calibration_cases * size.structures * size.readers
    grades = first + repeats + planted + calibration
    minutes = grades * size.seconds_per_grade / 60
    return StudyEffort(
        grades=grades,
        repeats=repeats,
        planted=planted,
        calibration=calibration,
        minutes=minutes,
        minutes_per_reader=minutes / size.readers,
    )


def measure_half_width(size: StudySize, spread: Spread, confidence: float = CONFIDENCE) -> float:
    """Expected half width of the interval of a structure's mean level.

    Its variance is patient^2/cases + reader^2/readers + rest^2/reads; Student's quantile has
    readers - 1 degrees of freedom when readers matter. One reader: inf, the result is theirs alone.
    """
    reads = size.cases * size.reads_per_case
    by_patient = spread.patient**2 / size.cases
    by_reader = spread.reader**2 / size.readers
    variance = by_patient + by_reader + spread.rest**2 / reads
    if size.readers < 2 or size.cases < 2:
        return math.inf
    squares = by_patient**2 / (size.cases - 1) + by_reader**2 / (size.readers - 1)
    freedom = (by_patient + by_reader) ** 2 / squares if squares else math.inf
    upper = (1 + confidence) / 2
    quantile = ndtri(upper) if math.isinf(freedom) else stdtrit(freedom, upper)
    return float(quantile) * math.sqrt(variance)


def find_repeats(*, agreement: float, half_width: float, most: int = 10_000) -> int:
    """Fewest repeats whose Wilson interval of the exact agreement is at most so wide each way.

    DataError where `most` do not suffice.
    """
    for repeats in range(2, most + 1):
        interval = measure_wilson_interval(agreement * repeats, repeats)
        if interval is not None and interval.high - interval.low <= 2 * half_width:
            return repeats
    raise DataError(f"At most {most} repeats were expected for a half width of {half_width:g}.")


def _walk(allowed: NDArray[np.int64], share: float) -> OperatingPoint:
    """The exact walk: chances of each number of failures among structures not yet released."""
    chances = np.zeros(len(allowed) + 1)
    chances[0] = 1.0
    released, median, mean = 0.0, None, 0.0
    for read in range(1, len(allowed)):
        mean += chances.sum()
        stepped = chances * share
        stepped[1:] += chances[:-1] * (1 - share)
        if allowed[read] >= 0:
            released += stepped[: allowed[read] + 1].sum()
            stepped[: allowed[read] + 1] = 0.0
        chances = stepped
        if median is None and released >= 0.5:
            median = read
    return OperatingPoint(
        share=share, release_chance=float(released), median_reads=median, mean_reads=float(mean)
    )
