"""The gate: is the candidate, structure by structure, at least as good as what is there? Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from han5k_review.store.vocabulary import ReferenceKind


class Verdict(StrEnum):
    """What the gate says of one structure."""

    PASS = "pass"
    FAIL = "fail"
    TOO_FEW = "too few cases: a person decides"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """Where the gate stands; starting values of the design, to be changed by a study."""

    min_cases: int = 5
    dice_drop: float = 0.01
    hd95_rise_mm: float = 1.0
    confidence: float = 0.95
    resamples: int = 2000
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedScore:
    """One held-out (case, structure) before and after; None = undefined, inf = nothing drawn.

    `before` is the parent model, or the present pseudo-label when there is none.
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

        Both empty leaves Dice undefined; a drawing against an empty reference is infinitely far.
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
        """The candidate draws nothing where something was drawn before and should be."""
        drawn = self.before_dice is not None and self.before_dice > 0
        return self.after_volume_cc == 0 and drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureVerdict:
    """The gate's word on one structure, with the numbers behind it.

    `cases` are those that decide: measured before and after. `scored_cases` have a score of the
    candidate, with or without one before. Mean Dice is that of `cases`, or of `scored_cases` when
    nothing can be compared. `unchanged_cases` are references that a model drew itself and a reader
    accepted as they were: they are counted, and never decide.
    """

    structure: str
    verdict: Verdict
    reasons: tuple[str, ...]
    cases: int
    scored_cases: int
    unchanged_cases: int
    before_dice: float | None
    after_dice: float | None
    dice_difference: Interval | None
    hd95_difference_mm: Interval | None
    worst_cases: tuple[str, ...] = field(default=())


def judge_candidate(
    scores: Sequence[PairedScore],
    settings: GateSettings,
    swapped: Mapping[str, Collection[str]] | None = None,
) -> tuple[StructureVerdict, ...]:
    """One verdict per structure, in order of first appearance.

    `swapped`: structure -> cases in which the candidate newly draws left and right exchanged.
    """
    names = dict.fromkeys(s.structure for s in scores)
    return tuple(
        _judge(name, [s for s in scores if s.structure == name], settings, swapped or {})
        for name in names
    )


def _judge(
    name: str,
    scores: Sequence[PairedScore],
    settings: GateSettings,
    swapped: Mapping[str, Collection[str]],
) -> StructureVerdict:
    deciding = [s for s in scores if s.decides]
    scored = [s for s in deciding if s.after_dice is not None and not s.reference_is_empty]
    paired = [s for s in deciding if s.compares]
    dice = bootstrap_mean([(s.patient, s.dice_difference) for s in paired], settings)
    hd95 = bootstrap_mean([(s.patient, s.hd95_difference_mm) for s in paired], settings)
    reasons = _hard_reasons(scores, swapped.get(name, ()))
    verdict = Verdict.FAIL if reasons else Verdict.PASS
    if len(paired) < settings.min_cases:
        reasons += _why_few(scores, settings)
        verdict = Verdict.FAIL if verdict is Verdict.FAIL else Verdict.TOO_FEW
    else:
        worse = _soft_reasons(dice, hd95, settings)
        verdict = Verdict.FAIL if worse else verdict
        reasons.extend(worse)
    worst = sorted(paired, key=_dice_difference)[:3]
    return StructureVerdict(
        structure=name,
        verdict=verdict,
        reasons=tuple(reasons),
        cases=len(paired),
        scored_cases=len(scored),
        unchanged_cases=len(scores) - len(deciding),
        before_dice=_mean([s.before_dice for s in paired or scored]),
        after_dice=_mean([s.after_dice for s in paired or scored]),
        dice_difference=dice,
        hd95_difference_mm=hd95,
        worst_cases=tuple(s.case for s in worst if _dice_difference(s) < 0),
    )


def _why_few(scores: Sequence[PairedScore], settings: GateSettings) -> list[str]:
    """Why there is too little to compare: what is empty, what had nothing before."""
    deciding = [s for s in scores if s.decides]
    unchanged = [s for s in scores if not s.decides]
    compared = sum(s.compares for s in deciding)
    empty = [s for s in deciding if s.reference_is_empty]
    alone = [s for s in deciding if s.before_volume_cc is None and s not in empty]
    reasons = [f"{compared} of at least {settings.min_cases} cases to judge on"]
    if empty:
        share = "every" if len(empty) == len(deciding) else f"{len(empty)} of {len(deciding)}"
        drawn = [s.case for s in empty if s.after_volume_cc]
        what = f"the model draws it there in {', '.join(drawn)}" if drawn else "so is the drawing"
        reasons.append(f"the organ is empty in {share} held-out reference, {what}")
    if alone:
        reasons.append(
            f"nothing to compare with in {len(alone)} cases: they had no contour before the run"
        )
    if unchanged and not deciding:
        mean = _mean([s.after_dice for s in unchanged])
        told = "" if mean is None else f" (Dice of the new model with them {mean:.3f})"
        reasons.append(
            f"the only references are {len(unchanged)} contours accepted unchanged{told}, which "
            "a model drew itself"
        )
    return reasons


def _hard_reasons(scores: Sequence[PairedScore], swapped: Collection[str]) -> list[str]:
    """What no number of cases excuses."""
    reasons = []
    empty = [s.case for s in scores if s.is_new_empty]
    if empty:
        reasons.append(f"nothing drawn in {', '.join(empty)}")
    if swapped:
        reasons.append(f"left and right exchanged in {', '.join(sorted(swapped))}")
    return reasons


def _soft_reasons(
    dice: Interval | None, hd95: Interval | None, settings: GateSettings
) -> list[str]:
    reasons = []
    if dice is not None and dice.mean < -settings.dice_drop:
        reasons.append(f"Dice fell by {-dice.mean:.3f}, more than {settings.dice_drop:g}")
    if hd95 is not None and hd95.mean > settings.hd95_rise_mm:
        reasons.append(f"HD95 rose by {hd95.mean:.1f} mm, more than {settings.hd95_rise_mm:g} mm")
    return reasons


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


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


def _dice_difference(score: PairedScore) -> float:
    return score.dice_difference or 0.0
