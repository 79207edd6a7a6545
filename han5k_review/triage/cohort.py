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
_FEWEST = 5
_PARTNERS = 5
_LEAST_PLACE_MM, _LEAST_OVERLAP = 1.0, 0.02
_CLIP = 10.0
_MAD = 1.4826
_GROUPS = {
    group: [n for n, key in enumerate(KEYS) if FEATURES[key].group is group]
    for group in FeatureGroup
}
_LEAST = np.array([FEATURES[key].least_spread for key in KEYS])

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortContour:
    """A contour of the cohort. `trusted`: somebody found it right, so it may be what others are
    judged by where there are enough of such. `disagreement` (0 to 1) is how far the drawings or
    versions of it differ, None where there is one alone."""

    contour: int
    case: str
    patient: str
    measures: ContourMeasures
    trusted: bool = False
    disagreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unusual:
    """How far one contour is from those of other patients, in their standard deviations.

    `features` in the order of KEYS; `places` nine, as in `ContourMeasures`, beside the structures
    around; `overlap` beyond the usual with `overlaps_with`; `disagreement` against that of other
    contours; `groups` are distances of several features together (shape, place, density, places),
    about 1 for a usual contour. All are clipped to 10; 0 where nothing is known.
    """

    features: tuple[float, ...]
    places: tuple[float, ...]
    overlap: float
    overlaps_with: str | None
    disagreement: float
    groups: tuple[float, ...]
    alone: tuple[float, ...]
    compared_with: int


def measure_unusual(contours: Sequence[CohortContour]) -> dict[int, Unusual]:
    """Contour -> how unusual it is; empty contours, and those without a cohort, are left out."""
    filled = [one for one in contours if not one.measures.is_empty]
    middles = _find_middles(filled)
    found: dict[int, Unusual] = {}
    by_structure: dict[str, list[CohortContour]] = {}
    for one in filled:
        by_structure.setdefault(one.measures.structure, []).append(one)
    for structure, same in by_structure.items():
        others = [name for name in by_structure if name != structure]
        table = _Table(same, others, middles)
        for judged, by in _deal(same):
            if len(by) >= _FEWEST:
                found |= table.judge(judged, by)
    return found


def deal_patients(patients: Sequence[str], folds: int = FOLDS) -> NDArray[np.int64]:
    """The fold of each patient name; the same names give the same folds, evenly filled."""
    names = sorted(set(patients))
    order = np.random.default_rng(len(names)).permutation(len(names))
    fold = {name: int(place) % folds for name, place in zip(names, order, strict=True)}
    return np.array([fold[name] for name in patients], dtype=np.int64)


def _deal(same: Sequence[CohortContour]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(places that are judged, places they are judged by), fold by fold."""
    folds = deal_patients([one.patient for one in same])
    trusted = np.array([one.trusted for one in same])
    parts = []
    for fold in np.unique(folds):
        by = folds != fold
        # With enough contours that people found right, those alone say what is usual.
        if np.count_nonzero(by & trusted) >= max(_FEWEST, min(30, np.count_nonzero(by) // 3)):
            by = by & trusted
        parts.append((np.flatnonzero(folds == fold), np.flatnonzero(by)))
    return parts


def _find_middles(contours: Sequence[CohortContour]) -> dict[str, dict[str, tuple[float, ...]]]:
    found: dict[str, dict[str, tuple[float, ...]]] = {}
    for one in contours:
        found.setdefault(one.measures.structure, {})[one.case] = one.measures.places_mm
    return found


class _Table:
    """All contours of one structure as arrays."""

    def __init__(
        self,
        same: Sequence[CohortContour],
        others: Sequence[str],
        middles: Mapping[str, Mapping[str, tuple[float, ...]]],
    ) -> None:
        self._same = same
        self._values = np.array([one.measures.values for one in same])
        places = np.array([one.measures.places_mm for one in same]).reshape(len(same), 3, 3)
        nothing = (math.nan,) * PLACES
        beside = np.array(
            [[middles[other].get(one.case, nothing) for other in others] for one in same]
        ).reshape(len(same), 1, 3 * len(others), 3)
        # (contours, landmark, landmark of a partner, axis), from the latter to the former
        self._offsets_mm = places[:, :, None, :] - beside
        names = sorted({o.other for one in same for o in one.measures.overlaps})
        self._overlapping = names
        self._overlaps = np.zeros((len(same), len(names)))
        for n, one in enumerate(same):
            for overlap in one.measures.overlaps:
                self._overlaps[n, names.index(overlap.other)] = overlap.share
        self._reach_mm = np.array([one.measures.reach_mm for one in same])
        self._disagreement = np.array(
            [[math.nan if one.disagreement is None else one.disagreement] for one in same]
        )

    def judge(self, judged: NDArray[np.int64], by: NDArray[np.int64]) -> dict[int, Unusual]:
        """The contours at `judged` by those at `by`."""
        features = _standardise(self._values, by, _LEAST)
        places = self._judge_places(by)
        overlaps = _standardise(self._overlaps, by, np.full(len(self._overlapping), _LEAST_OVERLAP))
        disagreement = _standardise(self._disagreement, by, np.array([0.02]))[:, 0]
        reach = _standardise(self._reach_mm, by, np.full(self._reach_mm.shape[1], _LEAST_PLACE_MM))
        parts = [*(features[:, columns] for columns in _GROUPS.values()), places, reach]
        distances = [_measure_distances(part, by) for part in parts]
        groups = [d for d, _ in distances]
        alone = [d for _, d in distances]
        found = {}
        for n in judged:
            most = int(overlaps[n].argmax()) if self._overlapping else None
            amount = 0.0 if most is None else max(float(overlaps[n, most]), 0.0)
            found[self._same[n].contour] = Unusual(
                features=tuple(map(float, features[n])),
                places=tuple(map(float, places[n])),
                overlap=amount,
                overlaps_with=None if most is None or not amount else self._overlapping[most],
                disagreement=float(disagreement[n]),
                groups=tuple(float(group[n]) for group in groups),
                alone=tuple(float(a) for part in alone for a in part[n]),
                compared_with=len(by),
            )
        return found

    def _judge_places(self, by: NDArray[np.int64]) -> Floats:
        """(contours, 9): the median over the partners whose distance varies least in the cohort.

        One partner may be wrong itself; a median of five is not led astray by it.
        """
        count, _, partners, _ = self._offsets_mm.shape
        if not partners:
            return np.zeros((count, PLACES))
        flat = self._offsets_mm.transpose(0, 1, 3, 2).reshape(count, PLACES * partners)
        known = np.isfinite(flat[by]).sum(axis=0).reshape(PLACES, partners)
        least = np.full(flat.shape[1], _LEAST_PLACE_MM)
        scores = _standardise(flat, by, least, unknown=math.nan).reshape(count, PLACES, partners)
        spread = _spreads(flat[by], least).reshape(PLACES, partners)
        spread = np.where(known >= _FEWEST, spread, math.inf)
        order = np.argsort(spread, axis=1)[:, :_PARTNERS]
        chosen = np.take_along_axis(scores, order[None], axis=2)
        usable = np.take_along_axis(np.isfinite(spread), order, axis=1)
        chosen = np.where(usable[None], chosen, math.nan)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a median of nothing
            first = chosen[:, :, 0]
            return np.asarray(np.nan_to_num(np.hstack([np.nanmedian(chosen, axis=2), first])))


def _spreads(values: Floats, least: Floats) -> Floats:
    """Robust standard deviations of columns, at least `least`; nan values do not count."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any value
        centre = np.nanmedian(values, axis=0)
        spread = _MAD * np.nanmedian(np.abs(values - centre), axis=0)
    return np.asarray(np.maximum(np.nan_to_num(spread), least))


def _standardise(
    values: Floats, by: NDArray[np.int64], least: Floats, *, unknown: float = 0.0
) -> Floats:
    """(contours, columns) in robust standard deviations of the rows `by`, clipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        centre = np.nanmedian(values[by], axis=0)
    scores = (values - centre) / _spreads(values[by], least)
    return np.clip(np.where(np.isfinite(scores), scores, unknown), -_CLIP, _CLIP)


def _measure_distances(scores: Floats, by: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Mahalanobis distances over the root of the number of features, about 1 for a usual contour;
    and each feature against what the others of its contour let expect (contours, features).
    """
    shrunk = LedoitWolf().fit(scores[by])
    size = scores.shape[1]
    inverse = np.linalg.inv(shrunk.covariance_ + 1e-2 * np.eye(size))
    away = scores - shrunk.location_
    pulled = away @ inverse
    squares = (pulled * away).sum(axis=1)
    alone = pulled / np.sqrt(np.diag(inverse))
    return np.minimum(np.sqrt(squares / size), _CLIP), np.clip(alone, -_CLIP, _CLIP)
