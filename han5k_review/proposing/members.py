"""What several learners say together of the voxels near a contour, and the mask that follows.

A member is gradient boosting (Friedman 2001; histograms as LightGBM, Ke et al. 2017) on the columns
of `features.py`. Where members disagree, the contour is left more as it was drawn: the share of
each voxel goes from their mean back towards the drawn contour by one standard deviation between
them. The mask is cut where its expected Dice is highest (Lipton et al., arXiv 1402.1892).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, label
from sklearn.ensemble import HistGradientBoostingClassifier

from han5k_review.proposing.box import Bools, Box, Floats
from han5k_review.proposing.features import measure_features

NEAR_MM = 40.0
SMOOTH_MM = 2.0
HELD_BACK = 1.0
SEED = 0
_LEAST_SHARE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """A box, the flat indices `near` its contour, and their features (voxels, columns)."""

    box: Box
    near: NDArray[np.intp]
    features: Floats


def see(box: Box) -> Seen:
    """What members are told of a box: all voxels within `NEAR_MM` of its contour."""
    near = np.flatnonzero(np.abs(box.distance_mm.ravel()) < NEAR_MM)
    return Seen(box=box, near=near, features=measure_features(box, near))


def fit(rows: Sequence[tuple[Floats, Bools]]) -> HistGradientBoostingClassifier:
    """A member from the features and the truth of voxels of some lessons."""
    return HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.08,
        max_leaf_nodes=7,
        min_samples_leaf=200,
        l2_regularization=1.0,
        max_features=0.5,
        early_stopping=False,
        random_state=SEED,
    ).fit(np.concatenate([one for one, _ in rows]), np.concatenate([truth for _, truth in rows]))


def change(members: Sequence[HistGradientBoostingClassifier], seen: Seen) -> tuple[Bools, float]:
    """What the drawn contour becomes (i, j, k, on the voxels of the box), and its gain in Dice."""
    shares = _measure_shares(members, seen)
    found = _cut(shares, seen.box.drawn)
    return found, _expect_dice(shares, found) - _expect_dice(shares, seen.box.drawn)


def _measure_shares(members: Sequence[HistGradientBoostingClassifier], seen: Seen) -> Floats:
    """How likely each voxel of the box is inside once revised; what is far off stays as it is."""
    box = seen.box
    told = np.stack([_read_share(member, seen.features) for member in members])
    middle, apart = told.mean(axis=0), HELD_BACK * told.std(axis=0)
    drawn = box.drawn.ravel()[seen.near]
    shares = (box.drawn & (box.distance_mm < 0)).astype(np.float32)
    shares.ravel()[seen.near] = np.clip(np.where(drawn, middle + apart, middle - apart), 0, 1)
    return np.asarray(gaussian_filter(shares, [SMOOTH_MM / s for s in box.spacing_mm]))


def _read_share(member: HistGradientBoostingClassifier, features: Floats) -> NDArray[np.float64]:
    found = member.predict_proba(features)
    return np.asarray(found[:, list(member.classes_).index(True)])


def _cut(shares: Floats, drawn: Bools) -> Bools:
    """The mask of highest expected Dice, its largest part."""
    likely = np.sort(shares[shares > _LEAST_SHARE])[::-1]
    if not likely.size:
        return drawn
    expected = 2 * np.cumsum(likely) / (shares.sum() + np.arange(1, likely.size + 1))
    parts, count = label(shares >= likely[np.argmax(expected)])
    return np.asarray(
        parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]) if count > 1 else parts > 0
    )


def _expect_dice(shares: Floats, mask: Bools) -> float:
    return float(2 * shares[mask].sum() / (shares.sum() + mask.sum()))
