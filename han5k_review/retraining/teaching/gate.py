"""The gate: is the candidate, structure by structure, worse than what is there? Pure.

Three answers, from paired differences of patient means: worse (surely, with Holm's correction over
all structures and comparisons, and by more than the margin), not worse (the lower limit is within
the margin), or undecided. Nothing newly empty, no exchanged sides and no fall of a tenth is let
through, however few the patients.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from han5k_review.retraining.teaching.changes import (
    GateSettings,
    Interval,
    Measure,
    as_gain,
    count_more_patients,
    falls_by,
    falls_more,
    get_margin,
    is_within,
    measure_changes,
    measure_fall_chance,
    measure_mean,
)
from han5k_review.retraining.teaching.gate_words import (
    say_alarm,
    say_bias,
    say_fall,
    say_few,
    say_hard_reasons,
    say_open,
)
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.statistics.rounds import adjust_by_holm
from han5k_review.store.vocabulary import ReferenceKind


class Verdict(StrEnum):
    """What the gate says of one structure."""

    NOT_WORSE = "not worse"
    WORSE = "worse"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureVerdict:
    """The gate's word on one structure, with the numbers behind it.

    `cases` are those that decide: measured before and after. `scored_cases` have a score of the
    candidate, with or without one before. Mean Dice is that of `cases`, or of `scored_cases` when
    nothing can be compared. `unchanged_cases` are references that a model predicted itself and a
    reader accepted as they were: they can raise an alarm, and never speak for a model.
    `biased_cases` have a reference only because the contour was revised. `more_patients` would
    decide, where a number can be said.
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
    surface_dice_difference: Interval | None
    hd95_difference_mm: Interval | None
    in_use_dice: float | None = None
    biased_cases: int = 0
    more_patients: int | None = None
    worst_cases: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """One structure beside one "before": its changes, and the adjusted chance of each measure."""

    structure: str
    against: str
    paired: tuple[PairedScore, ...]
    changes: Mapping[Measure, Interval]

    def gain(self, measure: Measure) -> Interval | None:
        found = self.changes.get(measure)
        return None if found is None else as_gain(measure, found)


_AGAINST_IN_USE = "against the contours under review: "


def judge_candidate(
    scores: Sequence[PairedScore],
    settings: GateSettings,
    swapped: Mapping[str, Collection[str]] | None = None,
    in_use: Sequence[PairedScore] = (),
) -> tuple[StructureVerdict, ...]:
    """One verdict per structure, in order of first appearance.

    `swapped`: structure -> cases in which the candidate newly predicts left and right exchanged.
    `in_use`: the candidate beside the contours under review, when `scores` compare it with a
    parent model. Worse than either is worse; not worse is only what is not worse than both.
    """
    names = list(dict.fromkeys(s.structure for s in scores))
    comparisons = [
        comparison
        for name in names
        for comparison in _compare(name, _of(name, scores), _of(name, in_use), settings)
    ]
    surely = _find_sure_falls(comparisons, settings)
    return tuple(
        _judge(
            [c for c in comparisons if c.structure == name],
            [(m, c.against) for m, c in surely if c.structure == name],
            _Scores(
                own=_of(name, scores),
                in_use=_of(name, in_use),
                swapped=tuple((swapped or {}).get(name, ())),
                comparisons=len(comparisons),
            ),
            settings,
        )
        for name in names
    )


def _of(name: str, scores: Sequence[PairedScore]) -> tuple[PairedScore, ...]:
    return tuple(s for s in scores if s.structure == name)


def _compare(
    name: str,
    scores: Sequence[PairedScore],
    in_use: Sequence[PairedScore],
    settings: GateSettings,
) -> list[_Comparison]:
    """Beside the parent, and beside what is in use where that is something else."""
    found: list[_Comparison] = []
    for against, own in (("", scores), (_AGAINST_IN_USE, in_use)):
        paired = tuple(s for s in own if s.decides and s.compares)
        changes = measure_changes(paired, settings)
        if not against or (changes and changes != found[0].changes):
            found.append(
                _Comparison(structure=name, against=against, paired=paired, changes=changes)
            )
    return found


def _find_sure_falls(
    comparisons: Sequence[_Comparison], settings: GateSettings
) -> list[tuple[Measure, _Comparison]]:
    """What surely falls, by Holm over all comparisons of a measure, and by more than the margin."""
    found = []
    for measure in Measure:
        tested = [
            (c, gain)
            for c in comparisons
            if (gain := c.gain(measure)) is not None and gain.patients >= settings.min_patients
        ]
        adjusted = adjust_by_holm([measure_fall_chance(gain) for _, gain in tested])
        found += [
            (measure, c)
            for (c, gain), chance in zip(tested, adjusted, strict=True)
            if chance <= settings.choose_error_rate(gain.patients) * measure.share
            and falls_more(gain, get_margin(measure, settings))
        ]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scores:
    """All scores of one structure, where it is exchanged, and how many comparisons there are."""

    own: tuple[PairedScore, ...]
    in_use: tuple[PairedScore, ...]
    swapped: tuple[str, ...]
    comparisons: int

    @property
    def scored(self) -> list[PairedScore]:
        """Those of the candidate that decide, with or without one before."""
        deciding = (s for s in self.own if s.decides and not s.reference_is_empty)
        return [s for s in deciding if s.after_dice is not None]


def _judge(
    comparisons: Sequence[_Comparison],
    sure_falls: Sequence[tuple[Measure, str]],
    scores: _Scores,
    settings: GateSettings,
) -> StructureVerdict:
    first = comparisons[0]
    worse = _list_worse(comparisons, sure_falls, scores, settings)
    open_reasons, more = _list_open(comparisons, scores, settings)
    if worse:
        few = [r for r in open_reasons if len(first.paired) < settings.min_patients]
        verdict, reasons, more = Verdict.WORSE, [*worse, *few], None
    elif open_reasons:
        verdict, reasons = Verdict.UNDECIDED, open_reasons
    else:
        verdict, reasons = Verdict.NOT_WORSE, []
    biased = sum(s.kind is ReferenceKind.REVISED for s in first.paired)
    shown = list(first.paired) or scores.scored
    return StructureVerdict(
        structure=first.structure,
        verdict=verdict,
        reasons=(*reasons, *say_bias(first.paired)),
        cases=len(first.paired),
        scored_cases=len(scores.scored),
        unchanged_cases=sum(not s.decides for s in scores.own),
        before_dice=_mean([(s.patient, s.before_dice) for s in shown]),
        after_dice=_mean([(s.patient, s.after_dice) for s in shown]),
        dice_difference=first.changes.get(Measure.DICE),
        surface_dice_difference=first.changes.get(Measure.SURFACE),
        hd95_difference_mm=first.changes.get(Measure.HD95),
        in_use_dice=_mean(
            [(s.patient, s.before_dice) for s in scores.in_use if s.decides and s.compares]
        ),
        biased_cases=biased,
        more_patients=more,
        worst_cases=_list_worst(first.paired),
    )


def _list_worse(
    comparisons: Sequence[_Comparison],
    sure_falls: Sequence[tuple[Measure, str]],
    scores: _Scores,
    settings: GateSettings,
) -> list[str]:
    """What no number of patients excuses, and what surely fell; each once, the parent's first."""
    reasons = say_hard_reasons(scores.own, scores.scored, scores.swapped)
    also = [r for r in say_hard_reasons(scores.in_use, (), ()) if r not in reasons]
    for comparison in comparisons:
        own = also if comparison.against else reasons
        dice = comparison.gain(Measure.DICE)
        large = dice is not None and falls_by(dice, settings.dice_fall)
        if large:
            own.append(say_fall(Measure.DICE, comparison.changes[Measure.DICE], settings, large))
        own += [
            say_fall(measure, comparison.changes[measure], settings)
            for measure, against in sure_falls
            if against == comparison.against and not (large and measure is Measure.DICE)
        ]
    return reasons + [f"{_AGAINST_IN_USE}{reason}" for reason in also]


def _list_open(
    comparisons: Sequence[_Comparison], scores: _Scores, settings: GateSettings
) -> tuple[list[str], int | None]:
    """Why it is not shown to be as good, and how many more patients would decide."""
    reasons, needed = [], []
    for comparison in comparisons:
        dice = comparison.gain(Measure.DICE)
        if dice is None or dice.patients < settings.min_patients:
            if not comparison.against:
                reasons += say_few(scores.own, dice, settings)
            continue
        if not is_within(dice, settings.margin):
            more = count_more_patients(
                dice,
                settings.margin,
                settings.error_rate * Measure.DICE.share / scores.comparisons,
                settings.confidence,
            )
            needed.append(more)
            change = comparison.changes[Measure.DICE]
            reasons.append(comparison.against + say_open(change, settings, more))
        for measure in (Measure.SURFACE, Measure.HD95):
            gain = comparison.gain(measure)
            if gain and gain.high < 0 and falls_more(gain, get_margin(measure, settings)):
                told = say_fall(measure, comparison.changes[measure], settings)
                reasons.append(f"{comparison.against}{told}; a person decides")
    alarm = _measure_unchanged(scores.own)
    if alarm is not None and falls_by(alarm, settings.dice_fall):
        reasons.append(say_alarm(alarm, sum(not s.decides for s in scores.own)))
    known = [n for n in needed if n is not None]
    return reasons, max(known) if known and len(known) == len(needed) else None


def _measure_unchanged(scores: Sequence[PairedScore]) -> Interval | None:
    """Dice after minus before with contours accepted unchanged."""
    own = [s for s in scores if not s.decides and s.compares]
    return measure_mean([(s.patient, s.dice_difference) for s in own])


def _list_worst(paired: Sequence[PairedScore]) -> tuple[str, ...]:
    worst = sorted(paired, key=lambda s: s.dice_difference or 0.0)[:3]
    return tuple(s.case for s in worst if (s.dice_difference or 0.0) < 0)


def _mean(values: Sequence[tuple[str, float | None]]) -> float | None:
    found = measure_mean(values)
    return None if found is None else found.mean
