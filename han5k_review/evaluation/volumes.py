"""Agreement of volumes: bias and limits of agreement after Bland and Altman."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from han5k_review.metrics import Panel

_NORMAL_95 = 1.96


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumePair:
    """One pair's mean volume and difference (prediction - reference), in cc and % of the mean."""

    mean_cc: float
    difference_cc: float
    difference_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Mean difference and mean -+ 1.96 SD (n - 1); nan limits for fewer than two pairs.

    Bland JM, Altman DG. Statistical methods for assessing agreement between two methods of
    clinical measurement. Lancet 1986;327:307-310.
    """

    pairs: int
    bias: float
    low: float
    high: float


def build_volume_pair(panel: Panel) -> VolumePair | None:
    """Mean and difference of a panel's two volumes; None when both are empty."""
    mean_cc = (panel.volume_reference_cc + panel.volume_prediction_cc) / 2
    if not mean_cc > 0:
        return None
    difference_cc = panel.volume_prediction_cc - panel.volume_reference_cc
    return VolumePair(
        mean_cc=mean_cc,
        difference_cc=difference_cc,
        difference_percent=100.0 * difference_cc / mean_cc,
    )


def build_limits(differences: Iterable[float]) -> Limits:
    """Bias and limits of agreement of the differences, in their own unit."""
    values = list(differences)
    bias = statistics.fmean(values) if values else math.nan
    reach = _NORMAL_95 * statistics.stdev(values) if len(values) > 1 else math.nan
    return Limits(pairs=len(values), bias=bias, low=bias - reach, high=bias + reach)
