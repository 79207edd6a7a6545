"""Order: which contours or cases give the model most for an expert's minute.

Within a structure the most doubtful come first. Between structures the chance of a revision counts
times what a revision of that structure changes, over the minutes that are expected: reading, and
the correction with that chance. A structure counts less the more of its contours were revised
already or come earlier in the list (its quota), so that one frequent error does not fill it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

QUOTA = 40.0
"""Revisions of a structure that count in full; the n-th further one counts QUOTA over n."""
_PRIOR = 5.0
"""How many contours of all structures stand in the mean of each."""
_FEWEST_TIMED = 10
_READ_SECONDS, _START_SECONDS, _SECONDS_PER_MM = 12.0, 60.0, 0.05
_ADDED_PATH_MM, _GAIN = 1000.0, 0.2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastReading:
    """A graded contour: active seconds until the grade."""

    structure: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRevision:
    """A revision: its added path (mm), what it changed (0 to 1, about the Dice gained), and its
    active seconds (None: not measured)."""

    structure: str
    added_path_mm: float
    gain: float
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Of one structure: seconds to read and to revise a contour, and the gain of a revision."""

    read_seconds: float
    revise_seconds: float
    gain: float


def learn_expected(
    structures: Collection[str],
    readings: Sequence[PastReading],
    revisions: Sequence[PastRevision],
) -> dict[str, Expected]:
    """Structure -> what to expect, from what was measured so far.

    Means of a structure are drawn towards those of all structures as if five contours more had
    been seen. Without any: 12 s to read, 60 s and 0.05 s a mm of added path to revise.
    """
    start, per_mm = _fit_seconds(revisions)
    seconds = _learn_means(structures, [(r.structure, r.seconds) for r in readings], _READ_SECONDS)
    paths = [(r.structure, r.added_path_mm) for r in revisions]
    gains = [(r.structure, r.gain) for r in revisions]
    paths_mm = _learn_means(structures, paths, _ADDED_PATH_MM)
    gain = _learn_means(structures, gains, _GAIN)
    return {
        name: Expected(
            read_seconds=seconds[name],
            revise_seconds=start + per_mm * paths_mm[name],
            gain=gain[name],
        )
        for name in structures
    }


def _fit_seconds(revisions: Sequence[PastRevision]) -> tuple[float, float]:
    """Seconds to start and seconds per mm of added path, by least squares, neither below 0."""
    timed = [(one.added_path_mm, one.seconds) for one in revisions if one.seconds is not None]
    if len(timed) < _FEWEST_TIMED:
        return _START_SECONDS, _SECONDS_PER_MM
    path_mm, seconds = np.array(timed, dtype=np.float64).T
    spread = float(path_mm.var())
    slope = float(np.cov(path_mm, seconds, ddof=0)[0, 1]) / spread if spread else 0.0
    slope = max(slope, 0.0)
    start = float(seconds.mean()) - slope * float(path_mm.mean())
    if start < 0:
        return 0.0, float((path_mm @ seconds) / (path_mm @ path_mm))
    return start, slope


def _learn_means(
    structures: Collection[str], seen: Sequence[tuple[str, float]], unknown: float
) -> dict[str, float]:
    whole = float(np.mean([value for _, value in seen])) if seen else unknown
    own: dict[str, list[float]] = {name: [] for name in structures}
    for name, value in seen:
        if name in own:
            own[name].append(value)
    return {
        name: (sum(values) + _PRIOR * whole) / (len(values) + _PRIOR)
        for name, values in own.items()
    }


def order_by_gain(
    chances: Floats,
    structures: Sequence[str],
    expected: Mapping[str, Expected],
    revised: Mapping[str, int] | None = None,
) -> list[tuple[int, float]]:
    """(item, gain per minute) from the best down; an item is a case, or a contour alone.

    `chances` (items, structures) are probabilities that a contour will be revised, nan where an
    item has no such contour; `revised` counts accepted revisions of each structure so far.
    """
    known = np.isfinite(chances)
    chance = np.where(known, chances, 0.0)
    read, revise, gain = (
        np.array([getattr(expected[name], key) for name in structures], dtype=np.float64)
        for key in ("read_seconds", "revise_seconds", "gain")
    )
    minutes = (known @ read + chance @ revise) / 60
    gains = chance * gain
    done = np.array([(revised or {}).get(name, 0) for name in structures], dtype=np.float64)
    left = minutes > 0
    found = []
    while left.any():
        weights = np.minimum(1.0, QUOTA / np.maximum(done, 1.0))
        value = np.where(left, gains @ weights / np.where(left, minutes, 1.0), -1.0)
        best = int(value.argmax())
        found.append((best, float(value[best])))
        left[best] = False
        done += chance[best]
    return found
