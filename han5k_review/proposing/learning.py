"""What is systematic in the corrections of one structure, learned from a few of them.

Gradient boosting (Friedman 2001; histograms as LightGBM, Ke et al. 2017) says for each voxel near a
contour how likely it is inside once revised. Each member learns from all corrections but one, and
is tried on that one; proposals come from the mean of all members. A mask is cut from these shares
where its expected Dice is highest (Lipton et al., arXiv 1402.1892), so that the same shares say
what a proposal gains; what members gained on the cases that they had not seen corrects that.

Nothing is proposed where the lower bound of the mean gain on unseen cases is not positive (Student,
one-sided 95 %), and in no case whose own predicted gain is not positive by what predictions were
off. Settings were chosen on development patients (`docs/assist.md`). Deterministic, one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from scipy.stats import t as student
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from han5k_review.proposing.box import Bools, Box, Floats
from han5k_review.proposing.features import measure_features

FEWEST = 3
"""Corrections below which nothing is learned."""
VERSION = "1"
NEAR_MM = 40.0
_MOST_VOXELS = 6000
_SMOOTH_MM = 2.0
_CONFIDENCE = 0.95
_UNSURE = 1.0
_LEAST_SHARE = 0.05
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lesson:
    """A contour as it was drawn, with its CT, and what it was corrected to, on the same voxels."""

    box: Box
    revised: Bools


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learned:
    """Members, and what each gained in Dice on the lesson that it had not seen.

    `lowest_gain` is the lower bound of their mean; `trust` times a predicted gain is what came of
    it, give or take `unsure`.
    """

    members: tuple[HistGradientBoostingClassifier, ...]
    gains: tuple[float, ...]
    lowest_gain: float
    trust: float
    unsure: float

    @property
    def is_systematic(self) -> bool:
        """Whether the corrections have something in common that gains on unseen cases."""
        return self.lowest_gain > 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proposed:
    """A proposal on the voxels of its box; `gain` in Dice, and its lower bound."""

    found: Bools
    gain: float
    lowest_gain: float


def learn(
    lessons: Sequence[Lesson], progress: Callable[[int], None] = lambda done: None
) -> Learned:
    """Learn from at least `FEWEST` lessons; ValueError below. `progress` hears of each member."""
    if len(lessons) < FEWEST:
        raise ValueError(f"{FEWEST} lessons or more were expected, found {len(lessons)}.")
    with threadpool_limits(1):
        rows = [_read_rows(lesson, number) for number, lesson in enumerate(lessons)]
        members, gains, predicted = [], [], []
        for left_out, lesson in enumerate(lessons):
            member = _fit([row for n, row in enumerate(rows) if n != left_out])
            found, gain = _cut(_measure_shares([member], lesson.box), lesson.box)
            members.append(member)
            predicted.append(gain)
            gains.append(
                _measure_dice(found, lesson.revised)
                - _measure_dice(lesson.box.drawn, lesson.revised)
            )
            progress(left_out + 1)
    return _sum_up(members, gains, predicted)


def propose(learned: Learned, box: Box) -> Proposed:
    """What the contour in the box becomes by what was learned."""
    with threadpool_limits(1):
        found, gain = _cut(_measure_shares(learned.members, box), box)
    expected = learned.trust * gain
    return Proposed(found=found, gain=expected, lowest_gain=expected - _UNSURE * learned.unsure)


def describe_settings() -> dict[str, float | int | str]:
    """What a round is kept with."""
    return {
        "version": VERSION,
        "near_mm": NEAR_MM,
        "voxels": _MOST_VOXELS,
        "smooth_mm": _SMOOTH_MM,
        "confidence": _CONFIDENCE,
        "seed": _SEED,
    }


def _sum_up(
    members: Sequence[HistGradientBoostingClassifier],
    gains: Sequence[float],
    predicted: Sequence[float],
) -> Learned:
    real, told = np.array(gains), np.array(predicted)
    error = real.std(ddof=1) / np.sqrt(real.size)
    quantile = float(student.ppf(_CONFIDENCE, real.size - 1))
    trust = float(np.clip(real.mean() / max(told.mean(), 1e-6), 0, 1))
    return Learned(
        members=tuple(members),
        gains=tuple(float(gain) for gain in gains),
        lowest_gain=float(real.mean() - quantile * error),
        trust=trust,
        unsure=float((real - trust * told).std(ddof=1)),
    )


def _read_rows(lesson: Lesson, number: int) -> tuple[Floats, Bools]:
    """Features and truth of voxels of one lesson, drawn at random."""
    near = _find_near(lesson.box)
    if near.size > _MOST_VOXELS:
        near = np.random.default_rng(_SEED + number).choice(near, _MOST_VOXELS, replace=False)
    return measure_features(lesson.box, near), lesson.revised.ravel()[near]


def _fit(rows: Sequence[tuple[Floats, Bools]]) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.08,
        max_leaf_nodes=7,
        min_samples_leaf=200,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=_SEED,
    ).fit(np.concatenate([one for one, _ in rows]), np.concatenate([truth for _, truth in rows]))


def _measure_shares(members: Sequence[HistGradientBoostingClassifier], box: Box) -> Floats:
    """How likely each voxel of the box is inside once revised; what is far off stays as it is."""
    near = _find_near(box)
    features = measure_features(box, near)
    shares = (box.drawn & (box.distance_mm < 0)).astype(np.float32)
    told = np.mean([_read_share(member, features) for member in members], axis=0)
    shares.ravel()[near] = told
    return np.asarray(gaussian_filter(shares, [_SMOOTH_MM / s for s in box.spacing_mm]))


def _read_share(
    member: HistGradientBoostingClassifier, features: NDArray[np.float32]
) -> NDArray[np.float64]:
    found = member.predict_proba(features)
    return np.asarray(found[:, list(member.classes_).index(True)])


def _cut(shares: Floats, box: Box) -> tuple[Bools, float]:
    """The mask of highest expected Dice, its largest part; and what it gains over the contour."""
    likely = np.sort(shares[shares > _LEAST_SHARE])[::-1]
    if not likely.size:
        return box.drawn, 0.0
    expected = 2 * np.cumsum(likely) / (shares.sum() + np.arange(1, likely.size + 1))
    parts, count = label(shares >= likely[np.argmax(expected)])
    found = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]) if count > 1 else parts > 0
    return found, _expect_dice(shares, found) - _expect_dice(shares, box.drawn)


def _expect_dice(shares: Floats, mask: Bools) -> float:
    return float(2 * shares[mask].sum() / (shares.sum() + mask.sum()))


def _measure_dice(found: Bools, wanted: Bools) -> float:
    whole = int(found.sum()) + int(wanted.sum())
    return 2 * int((found & wanted).sum()) / whole if whole else 1.0


def _find_near(box: Box) -> NDArray[np.intp]:
    return np.flatnonzero(np.abs(box.distance_mm.ravel()) < NEAR_MM)
