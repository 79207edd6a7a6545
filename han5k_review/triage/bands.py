"""Bands: how far the curves of the proof would move with other patients of the same kind.

Patients are drawn anew with replacement, all contours of a patient together (the percentile
bootstrap; Efron and Tibshirani 1993). Scores are cut into 200 levels and counted once for each
patient, so that a whole cohort is resampled by one product of matrices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEVELS, _RESAMPLES, _POINTS = 200, 400, 41
_LIMITS = (2.5, 97.5)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """95 % limits `low` and `high` (points,) of a curve at `x` (points,), all 0 to 1."""

    x: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bands:
    """Of the share found, by the share of false alarms; and of the risk, by the coverage."""

    roc: Band
    risk: Band


def measure_bands(
    patients: NDArray[np.int_], doubts: Floats, revised: NDArray[np.bool_], rng: np.random.Generator
) -> Bands:
    """The bands of both curves, for contours of both kinds.

    `patients` (contours,) are numbers of patients, `doubts` (contours,) scores without a unit,
    `revised` (contours,) bool says which of them readers wanted to revise.
    """
    good, bad = _resample(patients, doubts, revised, rng)
    at = np.linspace(0, 1, _POINTS)
    alarms, found = _accumulate(good), _accumulate(bad)
    usable = (alarms[:, -1] > 0) & (found[:, -1] > 0)
    alarms, found = alarms[usable], found[usable]
    roc = [np.interp(at, a / a[-1], f / f[-1]) for a, f in zip(alarms, found, strict=True)]
    covers, risks = [], []
    for a, f in zip(alarms, found, strict=True):
        left = (a[-1] - a) + (f[-1] - f)
        kept = left > 0
        covers.append(left[kept][::-1] / left[0])
        risks.append((f[-1] - f)[kept][::-1] / left[kept][::-1])
    risk = [np.interp(at[1:], c, r) for c, r in zip(covers, risks, strict=True)]
    return Bands(roc=_build_band(at, roc), risk=_build_band(at[1:], risk))


def measure_share_band(
    patients: NDArray[np.int_], revised: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[float, float]:
    """95 % limits of the share revised (a fraction), patients drawn anew.

    `patients` and `revised` are columns (contours,): whose it is, and whether it was revised.
    """
    _, place = np.unique(patients, return_inverse=True)
    counts = np.bincount(place).astype(np.float64)
    bad = np.bincount(place, weights=np.asarray(revised, dtype=np.float64))
    drawn = _draw(len(counts), rng)
    low, high = np.percentile((drawn @ bad) / (drawn @ counts), _LIMITS)
    return float(low), float(high)


def _resample(
    patients: NDArray[np.int_], doubts: Floats, revised: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Counts of good and of bad contours (resamples, levels), from the highest score down."""
    names, place = np.unique(patients, return_inverse=True)
    edges = np.unique(np.quantile(doubts, np.linspace(0, 1, _LEVELS)))
    level = len(edges) - np.searchsorted(edges, doubts, side="right")
    drawn = _draw(len(names), rng)
    counts = []
    for chosen in (~revised, revised):
        table = np.zeros((len(names), len(edges)))
        np.add.at(table, (place[chosen], level[chosen]), 1)
        counts.append(np.asarray(drawn @ table))
    return counts[0], counts[1]


def _draw(patients: int, rng: np.random.Generator) -> Floats:
    """How often each patient is in each resample (resamples, patients)."""
    return rng.multinomial(patients, np.full(patients, 1 / patients), _RESAMPLES).astype(np.float64)


def _accumulate(counts: Floats) -> Floats:
    """(resamples, levels + 1), from 0 on."""
    return np.pad(np.cumsum(counts, axis=1), ((0, 0), (1, 0)))


def _build_band(x: Floats, curves: Sequence[Floats]) -> Band:
    low, high = np.percentile(np.array(curves), _LIMITS, axis=0)
    return Band(x=x, low=low, high=high)
