"""What the gate says of its verdicts, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from han5k_review.retraining.teaching.changes import (
    GateSettings,
    Interval,
    Measure,
    get_margin,
    measure_mean,
)
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.store.vocabulary import ReferenceKind
from han5k_review.texts.counts import say_count


def say_fall(
    measure: Measure, change: Interval, settings: GateSettings, large: bool = False
) -> str:
    """`Dice fell by 0.030 (95 % interval -0.045 to -0.015), more than 0.01`."""
    if measure is Measure.HD95:
        told = f"HD95 rose by {change.mean:.1f} mm{_within(change, '+.1f', ' mm')}"
        return f"{told}, more than {get_margin(measure, settings):g} mm"
    told = f"{measure} fell by {-change.mean:.3f}{_within(change, '+.3f')}"
    if large:
        return f"{told}; {settings.dice_fall:g} or more fails with any number of cases"
    return f"{told}, more than {get_margin(measure, settings):g}"


def say_open(change: Interval, settings: GateSettings, more: int | None) -> str:
    """What the interval leaves open, and how many more patients would decide."""
    told = (
        f"Dice changed by {change.mean:+.3f}{_within(change, '+.3f')}: neither surely worse nor "
        f"surely within {settings.margin:g}"
    )
    if more is None:
        return told
    return f"{told}; {say_count(more, 'more patient')} like these would decide"


def _within(change: Interval, form: str, unit: str = "") -> str:
    if not change.is_known:
        return " in one patient"
    return f" (95 % interval {change.low:{form}} to {change.high:{form}}{unit})"


def say_few(
    scores: Sequence[PairedScore], dice: Interval | None, settings: GateSettings
) -> list[str]:
    """Why there is too little to compare: what is empty, what had nothing before."""
    deciding = [s for s in scores if s.decides]
    unchanged = [s for s in scores if not s.decides]
    empty = [s for s in deciding if s.reference_is_empty]
    alone = [s for s in deciding if s.before_volume_cc is None and s not in empty]
    found = 0 if dice is None else dice.patients
    reasons = [f"{found} of at least {settings.min_patients} patients to judge on"]
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
        mean = measure_mean([(s.patient, s.after_dice) for s in unchanged])
        told = "" if mean is None else f" (Dice of the new model with them {mean.mean:.3f})"
        reasons.append(
            "nothing to judge on but "
            f"{say_count(len(unchanged), 'contour')} accepted unchanged{told}, which "
            "a model predicted itself"
        )
    return reasons


def say_hard_reasons(
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


def say_alarm(change: Interval, contours: int) -> str:
    """Contours that readers accepted as they were, and the new model predicts otherwise."""
    return (
        f"alarm: with {say_count(contours, 'contour')} that readers accepted unchanged, Dice fell "
        f"by {-change.mean:.3f}; a person must look at them"
    )


def say_bias(paired: Sequence[PairedScore]) -> list[str]:
    """References that are there only because the contour was bad favour any other model."""
    revised = [s for s in paired if s.kind is ReferenceKind.REVISED]
    if not revised:
        return []
    told = (
        f"biased: {len(revised)} of {len(paired)} references exist only because the contour was "
        "revised, which favours any other model"
    )
    drawn = sum(s.weight not in (0.0, 1.0) for s in revised)
    left_out = sum(s.weight == 0 for s in revised)
    if drawn or left_out:
        told += f"; weighted by the audit arm, which leaves out {left_out} that it did not draw"
    return [told]
