"""Many structures at once: which may be released together.

With 59 reads each and all structures exactly at the limit of 95 %, one of 49 is released falsely
in nine of ten studies. Two remedies: every e-value must reach structures/error rate (family-wise:
the chance of any false release), or e-BH (the expected share of false ones among the released).
Source: R. Wang, A. Ramdas, J R Stat Soc B 2022;84:822; valid under any dependence, so also between
structures of one patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from han5k_review.statistics.estimates import check_fraction


class ManyRule(StrEnum):
    """What is kept below the error rate over all structures of a study."""

    FAMILY_WISE = "family-wise error"
    FALSE_DISCOVERY = "false discovery rate"


def choose_releases(
    e_values: Mapping[str, float], *, error_rate: float, rule: ManyRule
) -> frozenset[str]:
    """Structures that may be released now, from their current e-values.

    Every structure of the study belongs in `e_values`, read or not (1 before the first read):
    leaving out those that do badly breaks both promises. Family-wise a release stays; under
    e-BH the set holds for the moment at which the study stops, a later look may shrink it.
    """
    check_fraction("The error rate", error_rate)
    names = list(e_values)
    if not names:
        return frozenset()
    values = np.array([e_values[name] for name in names], dtype=np.float64)
    if rule is ManyRule.FAMILY_WISE:
        kept = values >= len(names) / error_rate
    else:
        kept = choose_by_ebh(values, error_rate)
    return frozenset(name for name, keep in zip(names, kept, strict=True) if keep)


def choose_by_ebh(e_values: NDArray[np.float64], error_rate: float) -> NDArray[np.bool_]:
    """e-BH along the last axis: the k largest, for the largest k with e_(k) >= structures/(k rate).

    Of many studies at once: e-values (..., structures), no unit; True for those that are released.
    """
    structures = e_values.shape[-1]
    falling = -np.sort(-e_values, axis=-1)
    rank = np.arange(1, structures + 1)
    passed = falling * rank >= structures / error_rate
    count = np.where(passed, rank, 0).max(axis=-1, keepdims=True)
    # The released are those at least as large as the last one that passes.
    least = np.take_along_axis(falling, np.maximum(count, 1) - 1, axis=-1)
    return np.asarray((e_values >= least) & (count > 0))
