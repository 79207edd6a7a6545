"""The audit arm: shares and certificates where triage chose which cases are read.

Cases with a high doubt are read more often, so the plain share of the reads is not that of the
cohort. A read counts with weight (share of its stratum in the cohort) / (share of its stratum in
the design), known beforehand. The difference estimator also uses what triage expected: z = mean
expected failure in the cohort + weight x (failed - expected); its mean is the cohort's share of
failures whatever triage is worth, and it varies less when triage is good (arXiv 2406.07320).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, stdtrit

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import (
    CONFIDENCE,
    Estimate,
    Interval,
    check_fraction,
    undefined,
)

_BETS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRead:
    """One read of the random arm, of a patient that was drawn by the design.

    `expected_failure` is the triage score as a probability; 0 for all gives the plain weighting.
    """

    failed: bool
    weight: float
    expected_failure: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditDesign:
    """What was known before the first read: the largest weight, and what triage expects on average.

    `cohort_expected_failure` is the mean of the scores of all cases of the cohort.
    """

    largest_weight: float
    cohort_expected_failure: float = 0.0


def measure_audited_share(
    reads: Sequence[AuditRead], design: AuditDesign, confidence: float = CONFIDENCE
) -> Estimate:
    """Share acceptable in the cohort by the difference estimator, with a t interval.

    The interval is approximate, and missing where no read tells how much they vary.
    """
    values = 1 - _values(reads, design)
    if not len(values):
        return undefined("No read of the random arm: the cohort's share is not known.")
    mean = float(np.clip(values.mean(), 0, 1))
    spread = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    if spread == 0:
        return Estimate(value=mean, reason="All reads agree: no interval follows from them.")
    half = float(stdtrit(len(values) - 1, (1 + confidence) / 2)) * spread / math.sqrt(len(values))
    interval = Interval(low=max(mean - half, 0), high=min(mean + half, 1), confidence=confidence)
    return Estimate(value=mean, interval=interval)


def measure_audited_evidence(
    reads: Sequence[AuditRead], design: AuditDesign, *, limit: float
) -> NDArray[np.float64]:
    """Logarithm of the e-value of "at most `limit` is acceptable" after each read (reads,).

    A betting martingale: wealth grows by 1 + bet x (1 - limit - z); the average over a grid of
    bets is an e-process whatever the weights, since z never exceeds a bound that was known before.
    With all weights 1 a bet is a share p of `sequential`. Source: Waudby-Smith and Ramdas, 2024.
    """
    check_fraction("The share to be shown", limit)
    values = _values(reads, design)
    allowed = 1 - limit
    highest = design.cohort_expected_failure + design.largest_weight
    largest_bet = 1 / max(highest - allowed, 1e-9)
    bets = largest_bet * (np.arange(_BETS) + 0.5) / _BETS
    wealth = np.cumsum(np.log1p(bets[:, None] * (allowed - values)[None, :]), axis=1)
    return np.asarray(logsumexp(wealth, axis=0) - math.log(_BETS))


def _values(reads: Sequence[AuditRead], design: AuditDesign) -> NDArray[np.float64]:
    """The z of each read, whose mean is the share of failures in the cohort."""
    table = np.array(
        [(read.failed, read.weight, read.expected_failure) for read in reads], dtype=np.float64
    ).reshape(-1, 3)
    failed, weight, expected = table.T
    if (weight > design.largest_weight).any() or (weight <= 0).any():
        raise DataError(
            f"Weights above 0 and at most {design.largest_weight:g}, as the design says, were "
            f"expected; found {weight.min():g} to {weight.max():g}. Correct the design's weights."
        )
    if ((expected < 0) | (expected > 1)).any():
        raise DataError("Expected failures between 0 and 1 were expected. Rescale the scores.")
    return np.asarray(design.cohort_expected_failure + weight * (failed - expected))
