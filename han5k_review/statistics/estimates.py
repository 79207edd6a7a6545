"""Estimate: a number with its interval, or the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from han5k_review.errors import DataError

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """The limits of an interval, `low <= high`, and its confidence (0.95 for 95 %)."""

    low: float
    high: float
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its interval; where one is missing, `reason` says why in a sentence.

    `value` is never nan: None means undefined.
    """

    value: float | None
    interval: Interval | None = None
    reason: str = ""

    @property
    def is_defined(self) -> bool:
        """True where there is a number."""
        return self.value is not None


def undefined(reason: str) -> Estimate:
    """No number, and why."""
    return Estimate(value=None, reason=reason)


def build_estimate(value: float, reason: str) -> Estimate:
    """A number without an interval, or where it is nan no number, for this reason."""
    return undefined(reason) if math.isnan(value) else Estimate(value=value)


def check_fraction(name: str, value: float) -> float:
    """`value`, when it lies between 0 and 1 (both left out); DataError otherwise."""
    if not 0 < value < 1:
        raise DataError(f"{name} must lie between 0 and 1, found {value:g}. Give another value.")
    return value
