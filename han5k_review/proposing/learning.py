"""What is systematic in the corrections of one structure, learned from a few of them.

Lessons go into folds, at most `_FOLDS`. One member learns from all folds but one, for each fold;
proposals come from all of them (`members.py`). What that is worth is tried in the same way on
lessons that none of the asked has seen: for each fold, members that learned from all others but one
more decide on its lessons together.

Nothing is proposed where the corrections do not change the same places (`likeness.py`), where the
lower bound of the mean gain on unseen lessons is not positive (Student, one-sided 90 %), and in no
case where less than `LEAST_GAIN` is to be expected. Settings were chosen on development patients
(decision 0054). Deterministic, one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from han5k_review.proposing.box import Bools, Box, Floats
from han5k_review.proposing.likeness import measure_likeness
from han5k_review.proposing.members import (
    HELD_BACK,
    NEAR_MM,
    SEED,
    SMOOTH_MM,
    Seen,
    change,
    fit,
    see,
)

FEWEST = 3
"""Corrections below which nothing is learned."""
VERSION = "2"
LEAST_GAIN = 0.01
LEAST_LIKENESS = 0.2
_MOST_VOXELS = 6000
_MOST_ROWS = 60000
_FOLDS = 5
_CONFIDENCE = 0.9
_MOST_TRUST = 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """A contour as it was drawn, with its CT, and what it was corrected to, on the same voxels."""

    box: Box
    revised: Bools


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """Members, and what others like them gained in Dice on lessons that they had not seen.

    `lowest_gain` is the lower bound of the mean of `gains`, `likeness` how far the lessons change
    the same places (-1 to 1); `trust` times a predicted gain is what came of it.
    """

    members: tuple[HistGradientBoostingClassifier, ...]
    gains: tuple[float, ...]
    lowest_gain: float
    likeness: float
    trust: float

    @property
    def is_systematic(self) -> bool:
        """Whether the corrections have something in common that gains on unseen cases."""
        return self.lowest_gain > 0 and self.likeness > LEAST_LIKENESS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposed:
    """A proposal on the voxels of its box; `gain` in Dice, and by how much it is enough."""

    found: Bools
    gain: float
    lowest_gain: float


def learn(
    lessons: Sequence[Lesson], progress: Callable[[int], None] = lambda done: None
) -> Learned:
    """Learn from at least `FEWEST` lessons; ValueError below. `progress` hears of each lesson."""
    if len(lessons) < FEWEST:
        raise ValueError(f"{FEWEST} lessons or more were expected, found {len(lessons)}.")
    with threadpool_limits(1):
        seen = [see(lesson.box) for lesson in lessons]
        rows = [
            _draw_rows(one, lesson, number, len(lessons))
            for number, (one, lesson) in enumerate(zip(seen, lessons, strict=True))
        ]
        folds = min(len(lessons), _FOLDS)
        pairs = {out: _fit_without(rows, out, folds) for out in combinations(range(folds), 2)}
        gains, told = [], []
        for number, (one, lesson) in enumerate(zip(seen, lessons, strict=True)):
            asked = [member for out, member in pairs.items() if number % folds in out]
            found, gain = change(asked, one)
            told.append(gain)
            before = _measure_dice(lesson.box.drawn, lesson.revised)
            gains.append(_measure_dice(found, lesson.revised) - before)
            progress(number + 1)
        members = tuple(_fit_without(rows, (fold,), folds) for fold in range(folds))
    return Learned(
        members=members,
        gains=tuple(gains),
        lowest_gain=_bound(gains),
        likeness=measure_likeness([(lesson.box, lesson.revised) for lesson in lessons]),
        trust=float(np.clip(np.mean(gains) / max(float(np.mean(told)), 1e-6), 0, _MOST_TRUST)),
    )


def propose(learned: Learned, box: Box) -> Proposed:
    """What the contour in the box becomes by what was learned."""
    with threadpool_limits(1):
        found, gain = change(learned.members, see(box))
    expected = learned.trust * gain
    return Proposed(found=found, gain=expected, lowest_gain=expected - LEAST_GAIN)


def describe_settings() -> dict[str, float | int | str]:
    """What a round is kept with."""
    return {
        "version": VERSION,
        "near_mm": NEAR_MM,
        "voxels": _MOST_VOXELS,
        "smooth_mm": SMOOTH_MM,
        "held_back": HELD_BACK,
        "confidence": _CONFIDENCE,
        "least_gain": LEAST_GAIN,
        "least_likeness": LEAST_LIKENESS,
        "seed": SEED,
    }


def _bound(gains: Sequence[float]) -> float:
    """The one-sided lower bound of their mean (Student)."""
    error = float(np.std(gains, ddof=1)) / np.sqrt(len(gains))
    return float(np.mean(gains) - student.ppf(_CONFIDENCE, len(gains) - 1) * error)


def _draw_rows(seen: Seen, lesson: Lesson, number: int, lessons: int) -> tuple[Floats, Bools]:
    """Features and truth of voxels of one lesson, drawn at random."""
    count = min(_MOST_VOXELS, _MOST_ROWS // lessons)
    near: NDArray[np.intp] = np.arange(seen.near.size)
    if near.size > count:
        near = np.random.default_rng(SEED + number).choice(near.size, count, replace=False)
    return seen.features[near], lesson.revised.ravel()[seen.near[near]]


def _fit_without(
    rows: Sequence[tuple[Floats, Bools]], folds_out: Sequence[int], folds: int
) -> HistGradientBoostingClassifier:
    return fit([row for number, row in enumerate(rows) if number % folds not in folds_out])


def _measure_dice(found: Bools, wanted: Bools) -> float:
    whole = int(found.sum()) + int(wanted.sum())
    return 2 * int((found & wanted).sum()) / whole if whole else 1.0
