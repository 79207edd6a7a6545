"""Sequential certificates: looked at after every read, false at most at the error rate.

The e-value of "the share acceptable is at most `limit`" after n reads with k acceptable is the
average, over p uniform in (limit, 1], of the likelihood ratio (p/limit)^k ((1-p)/(1-limit))^(n-k),
which is closed with the incomplete beta function. At the limit it is a martingale of mean 1, so
the chance that it ever reaches 1/error rate is at most the error rate (Ville's inequality).
Sources: A. Wald, Sequential Analysis, 1947; I. Waudby-Smith, A. Ramdas, J R Stat Soc B 2024;86:1.
Reads must be independent: each patient counts once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincc, betaln

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import check_fraction

_STEPS = 60
_LARGEST_LOG = 300 * math.log(10)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialCertificate:
    """Where a structure stands after `reads`.

    `released_at` is the read after which the e-value first reached 1/error rate, None while it has
    not; a release stays. `lower_bound`: the share acceptable is above it, however often one looked.
    """

    limit: float
    error_rate: float
    reads: int
    acceptable: int
    e_value: float
    released_at: int | None
    lower_bound: float

    @property
    def released(self) -> bool:
        """True once the e-value has reached 1/error rate."""
        return self.released_at is not None


def measure_log_e(acceptable: ArrayLike, reads: ArrayLike, limit: float) -> NDArray[np.float64]:
    """Natural logarithm of the e-value of counts (any shape); -inf: nothing speaks for it."""
    check_fraction("The share to be shown", limit)
    k = np.asarray(acceptable, dtype=np.float64)
    failed = np.asarray(reads, dtype=np.float64) - k
    with np.errstate(divide="ignore"):
        above = np.log(betaincc(k + 1, failed + 1, limit))
    likelihood = k * math.log(limit) + failed * math.log1p(-limit)
    return np.asarray(betaln(k + 1, failed + 1) + above - math.log1p(-limit) - likelihood)


def measure_e_value(acceptable: int, reads: int, limit: float) -> float:
    """The e-value; above 10^300 it is given as that, since larger ones are no numbers here."""
    return math.exp(min(float(measure_log_e(acceptable, reads, limit)), _LARGEST_LOG))


def judge_sequential(
    outcomes: Sequence[bool] | NDArray[np.bool_], *, limit: float, error_rate: float
) -> SequentialCertificate:
    """The certificate from outcomes (reads,), True if acceptable, in the order of reading."""
    check_fraction("The error rate", error_rate)
    logs = measure_evidence(outcomes, limit=limit)
    passed = np.flatnonzero(logs >= -math.log(error_rate))
    reads, acceptable = len(outcomes), int(np.sum(outcomes))
    return SequentialCertificate(
        limit=limit,
        error_rate=error_rate,
        reads=reads,
        acceptable=acceptable,
        e_value=measure_e_value(acceptable, reads, limit),
        released_at=int(passed[0]) + 1 if len(passed) else None,
        lower_bound=find_sequential_bound(acceptable, reads, error_rate),
    )


def measure_evidence(
    outcomes: Sequence[bool] | NDArray[np.bool_], *, limit: float
) -> NDArray[np.float64]:
    """Logarithm of the e-value after each of the outcomes (reads,), True if acceptable."""
    acceptable = np.cumsum(np.asarray(outcomes, dtype=np.int64))
    return measure_log_e(acceptable, np.arange(1, len(acceptable) + 1), limit)


def find_sequential_bound(acceptable: int, reads: int, error_rate: float) -> float:
    """The largest share that can be excluded from below; valid however often one looks.

    It is the limit at which the e-value is 1/error rate; 0 where none reaches it. DataError when
    more are acceptable than were read.
    """
    if not 0 <= acceptable <= reads:
        raise DataError(f"At most {reads} acceptable reads were expected, found {acceptable}.")
    low, high = 0.0, acceptable / reads if reads else 0.0
    wanted = -math.log(error_rate)
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if not 0 < middle < 1:
            break
        if float(measure_log_e(acceptable, reads, middle)) >= wanted:
            low = middle
        else:
            high = middle
    return low


def find_reads_left(acceptable: int, reads: int, *, limit: float, error_rate: float) -> int:
    """Further reads until release if all of them are acceptable; 0 when it is reached already."""
    wanted = -math.log(error_rate)

    def reached(more: int) -> bool:
        return float(measure_log_e(acceptable + more, reads + more, limit)) >= wanted

    if reached(0):
        return 0
    low, high = 0, 1
    while not reached(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high
