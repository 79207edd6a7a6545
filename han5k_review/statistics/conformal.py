"""Conformal bounds: below which value the next score falls with a coverage that is chosen first.

For scores that could have come in any order (exchangeable), the ceil((n + 1) * coverage)-th
smallest of n bounds the next one with a probability of at least `coverage`, whatever their
distribution: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World, 2005; split
form as in A. Angelopoulos, S. Bates, Found Trends Mach Learn 2023;16:494.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from han5k_review.errors import DataError
from han5k_review.statistics.shares import Share, measure_share

_ROUNDING = 1e-9


def find_bound(scores: Sequence[float], coverage: float) -> float | None:
    """The bound of the next score; None where there are too few scores for this coverage.

    A score may be infinite, never nan (DataError); then the bound may be too.
    """
    rank = _find_rank(len(scores), coverage)
    values = np.asarray(scores, dtype=np.float64)
    if np.isnan(values).any():
        raise DataError("Scores that are numbers were expected, found nan.")
    return None if rank > len(values) else float(np.partition(values, rank - 1)[rank - 1])


def count_needed(coverage: float) -> int:
    """The fewest scores that give a bound: 9 for 0.90, 19 for 0.95."""
    _check_coverage(coverage)
    return math.ceil(coverage / (1 - coverage) - _ROUNDING)


def measure_running_coverage(scores: Sequence[float], coverage: float) -> Share:
    """How many scores fell within the bound of all those before them, in the order given.

    The first `count_needed` have no bound and are not judged. Leaving one out instead would say
    nothing: of n scores without ties it covers ceil(n * coverage), whatever they are.
    """
    first = count_needed(coverage)
    bounds = [find_bound(scores[:n], coverage) for n in range(first, len(scores))]
    within = sum(
        bound is not None and score <= bound
        for score, bound in zip(scores[first:], bounds, strict=True)
    )
    return measure_share(within, len(bounds))


def _find_rank(count: int, coverage: float) -> int:
    _check_coverage(coverage)
    return math.ceil((count + 1) * coverage - _ROUNDING)


def _check_coverage(coverage: float) -> None:
    if not 0 < coverage < 1:
        raise DataError(f"A coverage between 0 and 1 was expected, found {coverage}.")
