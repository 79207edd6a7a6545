"""The gate: is the candidate, structure by structure, at least as good as what is there? Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from han5k_review.retraining.teaching.paired_scores import (
    GateSettings,
    Interval,
    PairedScore,
    bootstrap_mean,
)
from han5k_review.texts.counts import say_count

_ROUNDING = 1e-9
"""0.8 - 0.7 is a little less than 0.1."""


class Verdict(StrEnum):
    """What the gate says of one structure."""

    PASS = "pass"
    FAIL = "fail"
    TOO_FEW = "too few cases: a person decides"


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureVerdict:
    """The gate's word on one structure, with the numbers behind it.

    `cases` are those that decide: measured before and after. `scored_cases` have a score of the
    candidate, with or without one before. Mean Dice is that of `cases`, or of `scored_cases` when
    nothing can be compared. `unchanged_cases` are references that a model predicted itself and a
    reader accepted as they were: they are counted, and never decide.
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
    in_use_dice: float | None = None
    worst_cases: tuple[str, ...] = field(default=())


def judge_candidate(
    scores: Sequence[PairedScore],
    settings: GateSettings,
    swapped: Mapping[str, Collection[str]] | None = None,
    in_use: Sequence[PairedScore] = (),
) -> tuple[StructureVerdict, ...]:
    """One verdict per structure, in order of first appearance.

    `swapped`: structure -> cases in which the candidate newly predicts left and right exchanged.
    `in_use`: the candidate beside the contours under review, when `scores` compare it with a
    parent model. Worse than either fails.
    """
    names = dict.fromkeys(s.structure for s in scores)
    return tuple(
        _judge(
            name,
            [s for s in scores if s.structure == name],
            settings,
            (swapped or {}).get(name, ()),
            [s for s in in_use if s.structure == name],
        )
        for name in names
    )


def _judge(
    name: str,
    scores: Sequence[PairedScore],
    settings: GateSettings,
    swapped: Collection[str],
    in_use: Sequence[PairedScore],
) -> StructureVerdict:
    deciding = [s for s in scores if s.decides]
    scored = [s for s in deciding if s.after_dice is not None and not s.reference_is_empty]
    paired = [s for s in deciding if s.compares]
    beside = [s for s in in_use if s.decides and s.compares]
    dice, hd95 = _measure_changes(paired, settings)
    reasons = _hard_reasons(scores, scored, swapped)
    reasons += _why_worse(dice, hd95, len(paired), settings)
    worse = _hard_reasons(in_use, (), ())
    worse += _why_worse(*_measure_changes(beside, settings), len(beside), settings)
    # Where the parent predicted what is under review, once is enough.
    reasons += [f"against the contours under review: {r}" for r in worse if r not in reasons]
    verdict = Verdict.FAIL if reasons else Verdict.PASS
    if len(paired) < settings.min_cases:
        reasons += _why_few(scores, settings)
        verdict = Verdict.FAIL if verdict is Verdict.FAIL else Verdict.TOO_FEW
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
        in_use_dice=_mean([s.before_dice for s in beside]),
        worst_cases=tuple(s.case for s in worst if _dice_difference(s) < 0),
    )


def _measure_changes(
    paired: Sequence[PairedScore], settings: GateSettings
) -> tuple[Interval | None, Interval | None]:
    """(Dice, HD95) after minus before."""
    return (
        bootstrap_mean([(s.patient, s.dice_difference) for s in paired], settings),
        bootstrap_mean([(s.patient, s.hd95_difference_mm) for s in paired], settings),
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
        predicted = [s.case for s in empty if s.after_volume_cc]
        what = (
            f"the model predicts it there in {', '.join(predicted)}"
            if predicted
            else "so is the prediction"
        )
        reasons.append(f"the organ is empty in {share} held-out reference, {what}")
    if alone:
        reasons.append(
            f"nothing to compare with in {say_count(len(alone), 'case')} "
            "without a contour before the run"
        )
    if unchanged and not deciding:
        mean = _mean([s.after_dice for s in unchanged])
        told = "" if mean is None else f" (Dice of the new model with them {mean:.3f})"
        reasons.append(
            "nothing to judge on but "
            f"{say_count(len(unchanged), 'contour')} accepted unchanged{told}, which "
            "a model predicted itself"
        )
    return reasons


def _hard_reasons(
    scores: Sequence[PairedScore], scored: Sequence[PairedScore], swapped: Collection[str]
) -> list[str]:
    """What no number of cases excuses."""
    reasons = []
    empty = [s.case for s in scores if s.is_new_empty]
    if empty:
        reasons.append(f"nothing predicted in {', '.join(empty)}, where there was something before")
    elif scored and not any(s.after_dice for s in scored):
        reasons.append(f"it meets the organ in none of {len(scored)} held-out cases (Dice 0)")
    if swapped:
        reasons.append(f"left and right exchanged in {', '.join(sorted(swapped))}")
    return reasons


def _why_worse(
    dice: Interval | None, hd95: Interval | None, cases: int, settings: GateSettings
) -> list[str]:
    """A large fall fails with any number of cases, a small one where there are enough."""
    reasons = []
    enough = cases >= settings.min_cases
    fell = 0.0 if dice is None else -dice.mean
    if enough and fell > settings.dice_drop:
        reasons.append(f"Dice fell by {fell:.3f}, more than {settings.dice_drop:g}")
    elif fell >= settings.dice_fall - _ROUNDING:
        reasons.append(
            f"Dice fell by {fell:.3f}; {settings.dice_fall:g} or more fails with any number of "
            "cases"
        )
    if enough and hd95 is not None and hd95.mean > settings.hd95_rise_mm:
        reasons.append(f"HD95 rose by {hd95.mean:.1f} mm, more than {settings.hd95_rise_mm:g} mm")
    return reasons


def _mean(values: Sequence[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return sum(known) / len(known) if known else None


def _dice_difference(score: PairedScore) -> float:
    return score.dice_difference or 0.0
