"""Measuring one case: every contour alone, in the CT, in the body, and beside the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from han5k_review.anatomy.catalogue import Catalogue
from han5k_review.anatomy.rules import RULES, SIDES, RuleKey, measure_wrong_side_mm
from han5k_review.anatomy.structure import Structure
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.review.rule_warnings import count_outside
from han5k_review.triage.body import Body, find_body
from han5k_review.triage.density import measure_density
from han5k_review.triage.features import KEYS, FeatureKey
from han5k_review.triage.roundness import measure_roundness
from han5k_review.triage.shape import measure_reach_mm, measure_shape

Floats = NDArray[np.float32]
PLACES = 9
"""A contour's landmarks, in mm to the left, back and top: middle, lower and upper faces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """A rule of anatomy that a contour breaks, its amount, and the sentence."""

    key: RuleKey
    amount: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """Share (0 to 1) of a contour that the contour of `other` holds, too."""

    other: str
    share: float


def _nothing() -> Floats:
    return np.zeros(0, dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ContourMeasures:
    """What was measured of one contour beside the others of its case.

    `values` in the order of `KEYS`, nan where a feature has no meaning; `places_mm` are nine
    landmarks (`PLACES`), `reach_mm` 26 distances (`shape.DIRECTIONS`); all are empty for an empty
    contour. `changed` is 1 minus the Dice with the version under review before, None without one.
    """

    structure: str
    values: Floats = field(default_factory=_nothing)
    places_mm: Floats = field(default_factory=_nothing)
    reach_mm: Floats = field(default_factory=_nothing)
    overlaps: tuple[Overlap, ...] = ()
    broken: tuple[BrokenRule, ...] = ()
    changed: float | None = None

    @property
    def is_empty(self) -> bool:
        """True when the contour has no voxel: nothing could be measured."""
        return not self.values.size


def measure_case(
    masks: Mapping[str, StructureMask],
    ct: CtVolume,
    catalogue: Catalogue,
    earlier: Mapping[str, StructureMask] | None = None,
) -> dict[str, ContourMeasures]:
    """Structure -> what was measured, for contours of one case on the CT's grid (LPS axes).

    `earlier` are the contours that were under review before these.
    """
    before = earlier or {}
    body = find_body(ct)
    boxed = {name: mask for name, mask in masks.items() if not mask.is_empty}
    found = {}
    for name, mask in masks.items():
        if mask.is_empty:
            found[name] = ContourMeasures(
                structure=name, changed=_measure_change(mask, before, name)
            )
            continue
        structure = catalogue.get_structure(name)
        outside_cc = body.measure_outside_cc(mask)
        pair = boxed.get(structure.pair) if structure.pair else None
        values = {
            **measure_shape(mask),
            **measure_roundness(mask.voxels, np.array(mask.grid.spacing_mm)),
            **measure_density(mask, ct),
            **_measure_body(mask, body, outside_cc),
            FeatureKey.SYMMETRY: math.log(mask.volume_cc / pair.volume_cc) if pair else math.nan,
        }
        found[name] = ContourMeasures(
            structure=name,
            values=np.array([values[key] for key in KEYS], dtype=np.float32),
            places_mm=_measure_places_mm(mask).astype(np.float32),
            reach_mm=measure_reach_mm(mask),
            overlaps=_list_overlaps(name, boxed),
            broken=tuple(_list_broken(structure, boxed, values, outside_cc)),
            changed=_measure_change(mask, before, name),
        )
    return found


def _measure_change(
    mask: StructureMask, before: Mapping[str, StructureMask], name: str
) -> float | None:
    """1 minus the Dice with the earlier version; 0 where both are empty."""
    other = before.get(name)
    if other is None:
        return None
    both = mask.voxel_count + other.voxel_count
    if not both:
        return 0.0
    common = mask.voxel_count - count_outside(mask, other)
    return 1 - 2 * common / both


def _measure_body(mask: StructureMask, body: Body, outside_cc: float) -> dict[FeatureKey, float]:
    i, j, k = mask.centre_ijk() or (0, 0, 0)
    middle_i, middle_j = body.get_middle(k)
    spacing_mm = mask.grid.spacing_mm
    return {
        FeatureKey.BODY_SIDE: (i - middle_i) * spacing_mm[0],
        FeatureKey.BODY_DEPTH: (j - middle_j) * spacing_mm[1],
        FeatureKey.OUTSIDE_BODY: math.log1p(outside_cc),
    }


def _measure_places_mm(mask: StructureMask) -> NDArray[np.float64]:
    spacing_mm = np.array(mask.grid.spacing_mm)
    count = mask.voxel_count
    middle = [
        float((np.count_nonzero(mask.voxels, axis=others) * np.arange(n)).sum() / count)
        for n, others in zip(mask.voxels.shape, ((1, 2), (0, 2), (0, 1)), strict=True)
    ]
    low = np.array(mask.start_ijk)
    high = low + np.array(mask.voxels.shape) - 1
    places = [(low + middle) * spacing_mm, low * spacing_mm, high * spacing_mm]
    return np.concatenate(places)


def _list_overlaps(name: str, boxed: Mapping[str, StructureMask]) -> tuple[Overlap, ...]:
    mask = boxed[name]
    found = []
    for other, theirs in boxed.items():
        if other != name:
            common = mask.voxel_count - count_outside(mask, theirs)
            if common:
                found.append(Overlap(other=other, share=common / mask.voxel_count))
    return tuple(found)


def _list_broken(
    structure: Structure,
    boxed: Mapping[str, StructureMask],
    values: Mapping[FeatureKey, float],
    outside_cc: float,
) -> list[BrokenRule]:
    """Every rule of the table that this contour breaks, in the table's order."""
    mask = boxed[structure.name]
    container = boxed.get(structure.inside) if structure.inside else None
    pair = boxed.get(structure.pair) if structure.pair else None
    nothing = math.nan
    outside = nothing
    if container is not None:
        outside = count_outside(mask, container) * mask.grid.voxel_volume_cc
    side = nothing
    if pair is not None:
        own_mm, pair_mm = (float(_measure_places_mm(one)[0]) for one in (mask, pair))
        side = measure_wrong_side_mm(structure.side, own_mm, pair_mm)
    last = mask.start_ijk[2] + mask.voxels.shape[2] == mask.grid.shape[2]
    amounts = {
        RuleKey.OUTSIDE: outside,
        RuleKey.SIDE: side,
        RuleKey.ISLANDS: math.expm1(values[FeatureKey.ISLANDS]),
        RuleKey.HOLES: math.expm1(values[FeatureKey.HOLES]),
        RuleKey.GAPS: values[FeatureKey.GAPS],
        RuleKey.SYMMETRY: math.exp(abs(values[FeatureKey.SYMMETRY])),
        RuleKey.TRUNCATED: float(mask.start_ijk[2] == 0) + float(last),
        RuleKey.BODY: outside_cc,
    }
    words = {
        "other": str(structure.inside),
        "side": SIDES.get(structure.side or "", ""),
        "end": "last" if last else "first",
    }
    found = []
    for key, amount in amounts.items():
        if key in (RuleKey.SIDE, RuleKey.SYMMETRY):
            words["other"] = str(structure.pair)
        sentence = RULES[key].judge(amount, **words)
        if sentence is not None:
            found.append(BrokenRule(key=key, amount=amount, sentence=sentence))
    return found
