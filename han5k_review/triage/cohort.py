"""The cohort: how unusual each contour is against those of other patients.

A patient's own contours are never in the statistics by which they are judged: patients are dealt
into folds, and each fold is judged by the others. Centres are medians and spreads median absolute
deviations, so that a few wrong contours hardly move them; several features together are judged by
their Mahalanobis distance with a shrunk covariance (Ledoit and Wolf 2004) of the clipped scores.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from han5k_review.triage.features import FEATURES, KEYS, FeatureGroup
from han5k_review.triage.measuring import PLACES, ContourMeasures

FOLDS = 10
FEWEST = 5
"""Patients below which nobody can say what is usual."""
_PARTNERS = 5
_LEAST_MM, _LEAST_OVERLAP, _LEAST_CHANGE, _LEAST_BITS = 1.0, 0.02, 0.02, 0.02
_CLIP = 10.0
_MAD = 1.4826
_GROUPS = {
    group: [n for n, key in enumerate(KEYS) if FEATURES[key].group is group]
    for group in FeatureGroup
}
_LEAST = np.array([FEATURES[key].least_spread for key in KEYS])

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CohortContour:
    """A contour of the cohort under its number, and whose it is.

    `disagreement` (0 to 1) is how far a model's predictions of it, or its earlier version, differ
    from it; None where there is one alone. `entropy` (0 to 1) is how unsure the network was that
    predicted it; None where it is unknown, as of imported contours.
    """

    contour: int
    case: str
    patient: str
    measures: ContourMeasures
    disagreement: float | None = None
    entropy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unusual:
    """How far one contour is from those of other patients, in robust standard deviations.

    `features` in the order of KEYS; `places` beside the structures around it: nine landmarks
    (`ContourMeasures.places_mm`) against the median of five neighbours, then against the best one;
    `overlap` beyond the usual, with `overlaps_with`; `disagreement`; `entropy`, below 0 where the
    network was surer than usual; `groups` are distances of shape, place, density, places and reach
    together, about 1 for a usual contour. All are clipped to 10, and 0 where nothing is known.
    """

    features: Floats
    places: Floats
    overlap: float
    overlaps_with: str | None
    disagreement: float
    groups: Floats
    entropy: float = 0.0

    @property
    def singles(self) -> Floats:
        """What is judged alone (n,), no unit: features, places, overlap, disagreement, entropy."""
        alone = (self.overlap, self.disagreement, max(self.entropy, 0.0))
        return np.concatenate([self.features, self.places[:PLACES], alone])

    @property
    def row(self) -> Floats:
        """All numbers but the entropy (n,), no unit, in a fixed order, for what learns."""
        alone = (self.overlap, self.disagreement)
        return np.concatenate([self.features, self.places, alone, self.groups])


def measure_unusual(contours: Sequence[CohortContour]) -> dict[int, Unusual]:
    """Contour -> how unusual it is; empty contours, and those without a cohort, are left out."""
    filled = [one for one in contours if not one.measures.is_empty]
    by_structure: dict[str, list[CohortContour]] = {}
    for one in filled:
        by_structure.setdefault(one.measures.structure, []).append(one)
    places = {
        structure: {one.case: one.measures.places_mm for one in same}
        for structure, same in by_structure.items()
    }
    found: dict[int, Unusual] = {}
    for structure, same in by_structure.items():
        others = [name for name in by_structure if name != structure]
        table = _Table(same, others, places)
        folds = deal_patients([one.patient for one in same], FOLDS)
        for fold in np.unique(folds):
            judged, by = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
            if len(by) >= FEWEST:
                found |= table.judge(judged, by)
    return found


def deal_patients(patients: Sequence[str], folds: int) -> Places:
    """The index (contours,) of each patient's fold; the same names give the same, evenly filled."""
    names = sorted(set(patients))
    order = np.random.default_rng(len(names)).permutation(len(names))
    fold = {name: int(place) % folds for name, place in zip(names, order, strict=True)}
    return np.array([fold[name] for name in patients], dtype=np.int64)


class _Table:
    """All contours of one structure as arrays."""

    def __init__(
        self,
        same: Sequence[CohortContour],
        others: Sequence[str],
        places: Mapping[str, Mapping[str, NDArray[np.float32]]],
    ) -> None:
        self._same = same
        self._values = np.array([one.measures.values for one in same], dtype=np.float64)
        self._reach_mm = np.array([one.measures.reach_mm for one in same], dtype=np.float64)
        nothing = np.full(PLACES, math.nan)
        own = np.array([one.measures.places_mm for one in same], dtype=np.float64)
        beside = np.array(
            [[places[other].get(one.case, nothing) for other in others] for one in same]
        )
        # (contours, landmark, landmark of a partner, axis), from the latter to the former
        self._offsets_mm = own.reshape(len(same), 3, 1, 3) - beside.reshape(
            len(same), 1, 3 * len(others), 3
        )
        self._overlapping = sorted({o.other for one in same for o in one.measures.overlaps})
        self._overlaps = np.zeros((len(same), len(self._overlapping)))
        for n, one in enumerate(same):
            for overlap in one.measures.overlaps:
                self._overlaps[n, self._overlapping.index(overlap.other)] = overlap.share
        said = [(one.disagreement, one.entropy) for one in same]
        self._said = np.array(said, dtype=np.float64)  # None becomes nan

    def judge(self, judged: Places, by: Places) -> dict[int, Unusual]:
        """The contours at `judged` by those at `by`."""
        features = _standardise(self._values, by, _LEAST)
        places = self._judge_places(by)
        least = np.full(self._reach_mm.shape[1], _LEAST_MM)
        reach = _standardise(self._reach_mm, by, least)
        least = np.full(len(self._overlapping), _LEAST_OVERLAP)
        overlaps = np.maximum(_standardise(self._overlaps, by, least), 0)
        said = _standardise(self._said, by, np.array([_LEAST_CHANGE, _LEAST_BITS]))
        said[:, np.isfinite(self._said[by]).sum(axis=0) < FEWEST] = 0.0
        parts = [*(features[:, columns] for columns in _GROUPS.values()), places, reach]
        groups = np.stack([_measure_distances(part, by) for part in parts], axis=1)
        found = {}
        for n in judged:
            most = int(overlaps[n].argmax()) if self._overlapping else -1
            overlap = float(overlaps[n, most]) if most >= 0 else 0.0
            found[self._same[n].contour] = Unusual(
                features=features[n],
                places=places[n],
                overlap=overlap,
                overlaps_with=self._overlapping[most] if overlap else None,
                disagreement=max(float(said[n, 0]), 0.0),
                groups=groups[n],
                entropy=float(said[n, 1]),
            )
        return found

    def _judge_places(self, by: Places) -> Floats:
        """(contours, 18): by the median of the partners that vary least, then by the best of them.

        One partner may be wrong itself; a median of five is not led astray by it.
        """
        count, _, partners, _ = self._offsets_mm.shape
        if not partners:
            return np.zeros((count, 2 * PLACES))
        flat = self._offsets_mm.transpose(0, 1, 3, 2).reshape(count, PLACES * partners)
        least = np.full(flat.shape[1], _LEAST_MM)
        known = np.isfinite(flat[by]).sum(axis=0)
        spread = np.where(known >= FEWEST, _measure_spread(flat[by], least), math.inf)
        scores = _standardise(flat, by, least, unknown=math.nan)
        scores[:, np.isinf(spread)] = math.nan
        order = np.argsort(spread.reshape(PLACES, partners), axis=1)[:, :_PARTNERS]
        chosen = np.take_along_axis(scores.reshape(count, PLACES, partners), order[None], axis=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a median of nothing
            middle = np.nanmedian(chosen, axis=2)
        return np.asarray(np.nan_to_num(np.hstack([middle, chosen[:, :, 0]])))


def _measure_spread(values: Floats, least: Floats) -> Floats:
    """Robust standard deviations of columns, at least `least`; nan values do not count."""
    spread = _MAD * _find_medians(np.abs(values - _find_medians(values)))
    return np.asarray(np.maximum(np.nan_to_num(spread), least))


def _find_medians(values: Floats) -> Floats:
    """Medians of columns without their nan values, nan for a column without any other.

    As numpy's `nanmedian`, which takes five times as long.
    """
    if not values.shape[0]:
        return np.full(values.shape[1:], np.nan)
    known = values.shape[0] - np.isnan(values).sum(axis=0)
    ordered = np.sort(values, axis=0)  # nan comes last
    middle = [
        np.take_along_axis(ordered, np.maximum(at, 0)[None], axis=0)[0]
        for at in ((known - 1) // 2, np.minimum(known // 2, np.maximum(known - 1, 0)))
    ]
    return np.asarray(np.where(known > 0, (middle[0] + middle[1]) / 2, np.nan))


def _standardise(values: Floats, by: Places, least: Floats, *, unknown: float = 0.0) -> Floats:
    """(contours, columns) in robust standard deviations of the rows `by`, clipped."""
    scores = (values - _find_medians(values[by])) / _measure_spread(values[by], least)
    return np.clip(np.where(np.isfinite(scores), scores, unknown), -_CLIP, _CLIP)


def _measure_distances(scores: Floats, by: Places) -> Floats:
    """Mahalanobis distances over the root of the number of features."""
    shrunk = LedoitWolf().fit(scores[by])
    size = scores.shape[1]
    # A covariance that shrank to nothing (all the same) still has to be inverted.
    inverse = np.linalg.inv(shrunk.covariance_ + 1e-2 * np.eye(size))
    away = scores - shrunk.location_
    squares = ((away @ inverse) * away).sum(axis=1)
    return np.asarray(np.minimum(np.sqrt(squares / size), _CLIP))
