"""Scores before and after on held-out cases, and their mean with an interval. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.store.vocabulary import ReferenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """Where the gate stands; starting values of the design, to be changed by a study.

    From `min_cases` on a mean fall of Dice above `dice_drop` fails; one of `dice_fall` fails with
    any number of cases.
    """

    min_cases: int = 5
    dice_drop: float = 0.01
    dice_fall: float = 0.1
    hd95_rise_mm: float = 1.0
    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScore:
    """One held-out (case, structure) before and after; None = undefined, inf = nothing predicted.

    `before` is the parent model (the contour under review when there is none), or, where a run
    is compared with what is in use, the contour under review.
    """

    case: str
    patient: str
    structure: str
    kind: ReferenceKind
    before_dice: float | None
    after_dice: float | None
    before_hd95_mm: float | None
    after_hd95_mm: float | None
    before_volume_cc: float | None
    after_volume_cc: float | None

    @property
    def dice_difference(self) -> float | None:
        """After minus before."""
        return _difference(self.after_dice, self.before_dice)

    @property
    def hd95_difference_mm(self) -> float | None:
        """After minus before, where both are finite."""
        return _difference(self.after_hd95_mm, self.before_hd95_mm)

    @property
    def reference_is_empty(self) -> bool:
        """True when the reference has no voxel, as either measured arm tells.

        Both empty leaves Dice undefined; a prediction against an empty reference is infinitely far.
        """
        arms = (
            (self.before_dice, self.before_hd95_mm, self.before_volume_cc),
            (self.after_dice, self.after_hd95_mm, self.after_volume_cc),
        )
        return any(
            volume is not None and (dice is None or (volume > 0 and hd95 == math.inf))
            for dice, hd95, volume in arms
        )

    @property
    def compares(self) -> bool:
        """True when it says which of both is better: two scores against a voxel or more."""
        return self.dice_difference is not None and not self.reference_is_empty

    @property
    def decides(self) -> bool:
        """False for a pseudo-label accepted unchanged: it came from a model itself."""
        return self.kind is not ReferenceKind.UNCHANGED

    @property
    def is_new_empty(self) -> bool:
        """The candidate predicts nothing where something was predicted before and should be."""
        predicted = self.before_volume_cc is not None and self.before_volume_cc > 0
        return self.after_volume_cc == 0 and predicted and not self.reference_is_empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap_mean(
    values: Sequence[tuple[str, float | None]], settings: GateSettings
) -> Interval | None:
    """Mean and percentile bootstrap over patients (whole patients are drawn, not cases).

    `values` are (patient, value); undefined and infinite ones are left out.
    """
    by_patient: dict[str, list[float]] = {}
    for patient, value in values:
        if value is not None and math.isfinite(value):
            by_patient.setdefault(patient, []).append(value)
    if not by_patient:
        return None
    sums = np.array([sum(v) for v in by_patient.values()])
    counts = np.array([len(v) for v in by_patient.values()])
    draws = np.random.default_rng(settings.seed).integers(
        0, len(sums), (settings.resamples, len(sums))
    )
    means: NDArray[np.float64] = sums[draws].sum(1) / counts[draws].sum(1)
    tail = (1 - settings.confidence) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return Interval(mean=float(sums.sum() / counts.sum()), low=float(low), high=float(high))


def _difference(after: float | None, before: float | None) -> float | None:
    if after is None or before is None or not (math.isfinite(after) and math.isfinite(before)):
        return None
    return after - before
