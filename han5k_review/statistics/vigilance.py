"""Vigilance: how many planted errors readers find, and what a certificate is worth after that.

Readers who miss errors see fewer failures than there are. With sensitivity s the observed share
acceptable is 1 - (1 - share) s, so to show a share of p0 one must show p0' = 1 - (1 - p0) s.
Source of the correction of a share: W. Rogan, B. Gladen, Am J Epidemiol 1978;107:71.
"""

from __future__ import annotations

from dataclasses import dataclass

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import Estimate, Interval, check_fraction, undefined
from han5k_review.statistics.fixed import measure_lower_bound
from han5k_review.statistics.sequential import find_sequential_bound
from han5k_review.statistics.shares import measure_exact_interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Planted errors that readers graded as unacceptable.

    `lower_bound` holds for the number that was planned, `lower_bound_any_time` however often one
    looks; both are one-sided at `error_rate`. They are 0 where nothing was planted or found.
    """

    found: int
    planted: int
    error_rate: float
    estimate: Estimate
    lower_bound: float
    lower_bound_any_time: float


def measure_sensitivity(found: int, planted: int, error_rate: float = 0.05) -> Sensitivity:
    """Sensitivity with its exact interval. DataError for impossible numbers."""
    check_fraction("The error rate", error_rate)
    if not 0 <= found <= planted:
        raise DataError(f"Between 0 and {planted} found errors were expected, found {found}.")
    estimate = undefined("No error was planted: how many errors readers miss is not known.")
    if planted:
        interval = measure_exact_interval(found, planted, 1 - error_rate)
        estimate = Estimate(value=found / planted, interval=interval)
    return Sensitivity(
        found=found,
        planted=planted,
        error_rate=error_rate,
        estimate=estimate,
        lower_bound=measure_lower_bound(found, planted, error_rate),
        lower_bound_any_time=find_sequential_bound(found, planted, error_rate),
    )


def correct_limit(limit: float, sensitivity: float) -> float:
    """The share p0' = 1 - (1 - p0) s that readers must see to show p0.

    With a lower bound of s that fails with probability a, a certificate at error rate b is wrong
    at most with a + b. DataError for a sensitivity of 0: nothing can be shown.
    """
    check_fraction("The share to be shown", limit)
    if not 0 < sensitivity <= 1:
        raise DataError(
            f"A sensitivity above 0 and at most 1 was expected, found {sensitivity:g}. Plant more "
            "errors: a reader who finds none cannot show that a contour is good."
        )
    return 1 - (1 - limit) * sensitivity


def correct_share(
    share: Estimate, sensitivity: Sensitivity, *, specificity: float = 1.0
) -> Estimate:
    """The share acceptable that readers of this sensitivity would report as `share`.

    1 - (failures + specificity - 1) / (sensitivity + specificity - 1), kept within 0 and 1. Its
    interval joins the worst ends of both intervals: its confidence is at least the sum of both
    less 1. Without planted errors it is undefined.
    """
    found = sensitivity.estimate
    if share.value is None or found.value is None:
        return undefined(share.reason or found.reason)
    if found.value + specificity <= 1:
        return undefined("Readers find errors no better than by guessing: nothing can be said.")
    value = _rogan_gladen(share.value, found.value, specificity)
    if share.interval is None or found.interval is None:
        return Estimate(value=value, reason="The share or the sensitivity has no interval.")
    least = found.interval.low + specificity - 1
    low = _rogan_gladen(share.interval.low, found.interval.low, specificity) if least > 0 else 0.0
    interval = Interval(
        low=low,
        high=_rogan_gladen(share.interval.high, found.interval.high, specificity),
        confidence=share.interval.confidence + found.interval.confidence - 1,
    )
    return Estimate(value=value, interval=interval)


def _rogan_gladen(share: float, sensitivity: float, specificity: float) -> float:
    failures = (1 - share + specificity - 1) / (sensitivity + specificity - 1)
    return 1 - min(max(failures, 0.0), 1.0)
