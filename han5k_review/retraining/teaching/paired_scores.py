"""Scores before and after on held-out cases. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from han5k_review.store.vocabulary import ReferenceKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScore:
    """One held-out (case, structure) before and after; None = undefined, inf = nothing predicted.

    `before` is the parent model (the contour under review when there is none), or, where a run
    is compared with what is in use, the contour under review. `weight` is how many cases of the
    cohort it stands for, where an audit arm drew its case (0: it stands for none but itself).
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
    before_surface_dice: float | None = None
    after_surface_dice: float | None = None
    weight: float = 1.0

    @property
    def dice_difference(self) -> float | None:
        """After minus before."""
        return _difference(self.after_dice, self.before_dice)

    @property
    def surface_dice_difference(self) -> float | None:
        """After minus before, at the structure's tolerance."""
        return _difference(self.after_surface_dice, self.before_surface_dice)

    @property
    def hd95_difference_mm(self) -> float | None:
        """After minus before, where both are finite."""
        return _difference(self.after_hd95_mm, self.before_hd95_mm)

    def measure_capped_rise_mm(self, farthest_mm: float) -> float | None:
        """HD95 after minus before; what is farther than `farthest_mm`, or infinite, counts as it.

        Nothing predicted counts, too: it is as far as can be.
        """
        if self.after_hd95_mm is None or self.before_hd95_mm is None:
            return None
        return min(self.after_hd95_mm, farthest_mm) - min(self.before_hd95_mm, farthest_mm)

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


def _difference(after: float | None, before: float | None) -> float | None:
    if after is None or before is None or not (math.isfinite(after) and math.isfinite(before)):
        return None
    return after - before
