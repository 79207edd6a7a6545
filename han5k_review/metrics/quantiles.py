"""Percentiles of distances: weighted by area without interpolation, or NumPy's linear one."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from han5k_review.metrics.compiled import compiled

Floats = NDArray[np.float64]

_BINS = 1024
_TIE = 1e-9


def select_weighted_quantile(
    distances: Floats, areas: Floats, area_at_zero: float, share: float
) -> float | None:
    """Smallest distance within which at least `share` of the area lies; None where it is a tie.

    `distances` (n,) in mm, `areas` (n,) in mm2 or counts. `area_at_zero` is area at distance 0
    beside the given ones. It is a tie where a sum of areas meets the share within rounding: there
    `sort_weighted_quantile` has to decide, since the side on which the sum falls depends on the
    order of the additions.
    """
    bins, few, weights = np.zeros(_BINS), np.empty(distances.size), np.empty(distances.size)
    found = float(_select(distances, areas, area_at_zero, share, bins, few, weights))
    return found if found >= 0 else None


def sort_weighted_quantile(distances: Floats, areas: Floats, share: float) -> float:
    """The same of all distances (n,) in mm and areas (n,), by sorting: sums as surface-distance."""
    order = np.lexsort((areas, distances))
    shares = np.cumsum(areas[order]) / np.sum(areas[order])
    return float(distances[order[min(int(np.searchsorted(shares, share)), order.size - 1)]])


def linear_quantile(distances: Floats, zeros: int, share: float) -> float:
    """NumPy's linear quantile of the distances (n,), in mm, and of `zeros` further zeros."""
    return float(np.quantile(np.concatenate([np.zeros(zeros), distances]), share))


@compiled
def _select(
    distances: Floats,
    areas: Floats,
    area_at_zero: float,
    share: float,
    bins: Floats,
    few: Floats,
    weights: Floats,
) -> float:
    """The weighted quantile by a histogram and its one decisive bin; -1 where it is a tie.

    `bins` are zeros; `few` and `weights` are room for as many values as there are distances.
    """
    total, farthest = area_at_zero, 0.0
    for n in range(distances.size):
        total += areas[n]
        farthest = max(farthest, distances[n])
    below = area_at_zero
    target, slack = share * total, _TIE * total
    if abs(below - target) <= slack:
        return -1.0
    if below > target or distances.size == 0:
        return 0.0
    scale = (_BINS - 1) / farthest
    for n in range(distances.size):
        bins[int(distances[n] * scale)] += areas[n]
    decisive = 0
    while decisive < _BINS - 1 and below + bins[decisive] < target - slack:
        below += bins[decisive]
        decisive += 1
    inside = 0
    for n in range(distances.size):
        if int(distances[n] * scale) == decisive:
            few[inside], weights[inside] = distances[n], areas[n]
            inside += 1
    return _step_up(few[:inside], weights[:inside], below, target, slack)


@compiled
def _step_up(distances: Floats, areas: Floats, below: float, target: float, slack: float) -> float:
    """Add the areas of these distances from the nearest on until the target is passed."""
    floor = -1.0
    while True:
        nearest, weight = np.inf, 0.0
        for n in range(distances.size):
            if distances[n] > floor:
                if distances[n] < nearest:
                    nearest, weight = distances[n], areas[n]
                elif distances[n] == nearest:
                    weight += areas[n]
        below += weight
        if nearest == np.inf or abs(below - target) <= slack:
            return -1.0
        if below > target:
            return nearest
        floor = nearest


@compiled
def sum_distances(
    distances: Floats, areas: Floats, tolerance_mm: float
) -> tuple[float, float, float, float]:
    """Area, area times distance, largest distance, area within the tolerance; (n,), mm and mm2."""
    total, moment, farthest, within = 0.0, 0.0, 0.0, 0.0
    for n in range(distances.size):
        distance, area = distances[n], areas[n]
        total += area
        moment += distance * area
        farthest = max(farthest, distance)
        if distance <= tolerance_mm:
            within += area
    return total, moment, farthest, within
