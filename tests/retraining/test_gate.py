from __future__ import annotations

import math
from dataclasses import replace
from math import fsum

import pytest
from scipy.stats import ttest_1samp

from han5k_review.retraining.teaching.changes import (
    GateSettings,
    Measure,
    measure_changes,
    measure_fall_chance,
    measure_mean,
)
from han5k_review.retraining.teaching.gate import StructureVerdict, Verdict, judge_candidate
from han5k_review.retraining.teaching.paired_scores import PairedScore
from han5k_review.retraining.teaching.run_scores import weigh_by_audit
from han5k_review.store.vocabulary import ReferenceKind
from han5k_review.ui.retraining.run_charts import list_reasons

GATE = GateSettings()


def score(
    number: int,
    before: float | None,
    after: float | None,
    *,
    kind: ReferenceKind = ReferenceKind.REFERENCE,
    hd95: tuple[float, float] = (3.0, 3.0),
    volume_cc: float = 20.0,
    before_cc: float | None = 20.0,
) -> PairedScore:
    return PairedScore(
        case=f"HN-{number:03d}",
        patient=f"P{number}",
        structure="ParotidL",
        kind=kind,
        before_dice=before,
        after_dice=after,
        before_hd95_mm=hd95[0],
        after_hd95_mm=hd95[1],
        before_volume_cc=before_cc,
        after_volume_cc=volume_cc,
    )


def judge_one(scores: list[PairedScore], **options: object) -> StructureVerdict:
    (verdict,) = judge_candidate(scores, GATE, **options)  # type: ignore[arg-type]
    return verdict


def test_the_interval_and_the_test_are_those_of_scipy() -> None:
    changes = [-0.03, 0.01, -0.02, -0.05, 0.0, -0.04]
    verdict = judge_one([score(n, 0.70, 0.70 + d) for n, d in enumerate(changes)])
    expected = ttest_1samp(changes, 0.0).confidence_interval(0.95)
    assert verdict.dice_difference is not None
    assert verdict.dice_difference.low == pytest.approx(expected.low)
    assert verdict.dice_difference.high == pytest.approx(expected.high)
    gain = verdict.dice_difference
    one_sided = ttest_1samp(changes, 0.0, alternative="less").pvalue
    assert measure_fall_chance(gain) == pytest.approx(one_sided)
    weighed = [1.0, 1.0, 1.0, 1.0, 1.0, 2.0]
    twice = measure_mean([(f"P{n}", d) for n, d in enumerate(changes)], weights=weighed)
    assert twice is not None
    assert twice.mean == pytest.approx(fsum([*changes, -0.04]) / 7)


def test_a_better_candidate_is_not_worse() -> None:
    verdict = judge_one([score(n, 0.70, 0.70 + n / 100) for n in range(1, 7)])
    assert (verdict.verdict, verdict.reasons) == (Verdict.NOT_WORSE, ())


def test_a_fall_that_may_be_chance_is_undecided_and_says_how_many_patients_would_decide() -> None:
    drops = [0.0, 0.0, 0.0, 0.02, 0.09, 0.05]
    verdict = judge_one([score(n, 0.8, 0.8 - drop) for n, drop in enumerate(drops)])
    assert verdict.verdict is Verdict.UNDECIDED
    assert verdict.worst_cases == ("HN-004", "HN-005", "HN-003")
    # mean -0.0267, s 0.0372: with 9 patients t = -2.15 < t(.955; 8) = -1.92, with 8 -2.03 > -1.97
    told = f"{verdict.more_patients} more patients like these would decide"
    assert told in verdict.reasons[0]
    grown = [*drops, *drops]
    sure = judge_one([score(n, 0.8, 0.8 - drop) for n, drop in enumerate(grown)])
    assert sure.verdict is Verdict.WORSE, "twelve like these are more than enough"
    assert verdict.more_patients is not None
    assert verdict.more_patients <= 6


def test_a_sure_fall_within_the_margin_is_not_worse() -> None:
    assert judge_one([score(n, 0.8, 0.795) for n in range(6)]).verdict is Verdict.NOT_WORSE


def test_a_structure_alone_is_worse_and_among_many_undecided() -> None:
    drops = [0.01, 0.03, 0.02, 0.05, 0.0, 0.04]  # t = -3.27 of 5 degrees, one-sided p .011
    scores = [score(n, 0.8, 0.8 - drop) for n, drop in enumerate(drops)]
    assert judge_one(scores).verdict is Verdict.WORSE
    others = [replace(s, structure=f"S{n}", after_dice=0.8) for n in range(25) for s in scores]
    assert judge_candidate([*scores, *others], GATE)[0].verdict is Verdict.UNDECIDED


def test_a_longer_hausdorff_distance_is_worse_and_infinite_ones_count() -> None:
    verdict = judge_one([score(n, 0.8, 0.8, hd95=(3.0, 4.5)) for n in range(6)])
    assert verdict.verdict is Verdict.WORSE
    assert "HD95 rose by 1.5 mm" in verdict.reasons[0]
    lost = score(1, 0.6, 0.0, hd95=(4.0, math.inf))
    assert measure_changes([lost], GATE)[Measure.HD95].mean == 96.0, "as far as 100 mm"
    both = score(1, 0.0, 0.0, hd95=(math.inf, math.inf))
    assert measure_changes([both], GATE)[Measure.HD95].mean == 0.0


def test_a_surface_that_surely_moved_leaves_the_word_to_a_person() -> None:
    moved = [0.02, 0.04, 0.05, 0.03, 0.06, 0.01]
    scores = [
        replace(score(n, 0.8, 0.8), before_surface_dice=0.9, after_surface_dice=0.9 - fall)
        for n, fall in enumerate(moved)
    ]
    verdict = judge_one(scores)
    assert verdict.verdict is Verdict.UNDECIDED
    assert verdict.reasons[0].startswith("surface Dice fell by 0.035")


def test_few_cases_are_left_to_a_person() -> None:
    assert judge_one([score(n, 0.8, 0.71) for n in range(4)]).verdict is Verdict.UNDECIDED


def test_a_fall_of_a_tenth_fails_however_few_the_cases() -> None:
    verdict = judge_one([score(1, 0.8, 0.7)])
    assert verdict.verdict is Verdict.WORSE
    assert "0.1 or more fails with any number of cases" in verdict.reasons[0]


def test_after_a_bad_model_came_into_use_the_contours_under_review_still_judge() -> None:
    away = math.inf
    parent = [score(n, 0.0, 0.1, hd95=(away, 30.0), before_cc=0.0) for n in range(5)]
    present = [score(n, 0.9, 0.1, hd95=(3.0, 30.0)) for n in range(5)]
    verdict = judge_one(parent, in_use=present)
    assert verdict.verdict is Verdict.WORSE
    assert verdict.in_use_dice == pytest.approx(0.9)
    assert verdict.reasons[0].startswith("against the contours under review: Dice fell by 0.800")
    better = [score(n, 0.85, 0.9) for n in range(5)]
    assert judge_one(better, in_use=better).verdict is Verdict.NOT_WORSE


def test_what_meets_the_organ_nowhere_never_passes_even_when_nothing_was_there_before() -> None:
    away = math.inf
    nothing = [score(n, 0.0, 0.0, hd95=(away, away), volume_cc=0, before_cc=0) for n in range(5)]
    verdict = judge_one(nothing)
    assert verdict.verdict is Verdict.WORSE
    assert "it meets the organ in none of 5 held-out cases" in verdict.reasons[0]


def test_newly_empty_fails_though_what_was_there_before_missed_the_organ() -> None:
    empty = score(1, 0.0, 0.0, hd95=(90.0, math.inf), volume_cc=0.0)
    assert "nothing predicted in HN-001" in judge_one([empty]).reasons[0]


def test_accepted_unchanged_references_only_ever_raise_an_alarm() -> None:
    unchanged = [score(n, 1.0, 0.6, kind=ReferenceKind.UNCHANGED) for n in range(9)]
    better = [score(20 + n, 0.7, 0.8, kind=ReferenceKind.REVISED) for n in range(5)]
    verdict = judge_one([*unchanged, *better])
    assert verdict.verdict is Verdict.UNDECIDED
    assert verdict.reasons[0].startswith("alarm: with 9 contours that readers accepted unchanged")
    assert (verdict.cases, verdict.unchanged_cases) == (5, 9)
    near = [replace(s, after_dice=0.95) for s in unchanged]
    verdict = judge_one([*near, *better])
    assert verdict.verdict is Verdict.NOT_WORSE
    assert verdict.biased_cases == 5
    assert verdict.reasons[0].startswith("biased: 5 of 5 references exist only because")


def test_the_random_arm_stands_for_the_cohort_where_it_drew_enough() -> None:
    revised = [score(n, 0.7, 0.8, kind=ReferenceKind.REVISED) for n in range(8)]
    draws = {f"HN-{n:03d}": 0.5 + n for n in range(5)}
    weighed = weigh_by_audit([*revised, score(9, 0.7, 0.7)], draws, 5)
    assert [s.weight for s in weighed] == [0.5, 1.5, 2.5, 3.5, 4.5, 0, 0, 0, 1]
    assert "leaves out 3 that it did not draw" in judge_one(weighed).reasons[-1]
    assert {s.weight for s in weigh_by_audit(revised, draws, 6)} == {1}


def test_a_new_empty_output_fails_however_few_the_cases() -> None:
    empty = score(1, 0.8, 0.0, hd95=(3.0, math.inf), volume_cc=0.0)
    assert judge_one([empty]).verdict is Verdict.WORSE


def test_exchanged_sides_fail() -> None:
    verdict = judge_one([score(n, 0.8, 0.9) for n in range(6)], swapped={"ParotidL": ["HN-002"]})
    assert verdict.verdict is Verdict.WORSE
    assert "left and right exchanged in HN-002" in verdict.reasons


def test_a_reference_without_a_voxel_compares_nothing() -> None:
    scores = [score(n, 0.8, 0.8) for n in range(5)]
    scores.append(score(7, None, None, hd95=(math.inf, math.inf)))
    assert judge_one(scores).cases == 5


def test_five_cases_of_one_patient_are_one_patient() -> None:
    verdict = judge_one([score(1, 0.5, 0.9) for _ in range(5)])
    assert verdict.verdict is Verdict.UNDECIDED
    assert "1 of at least 5 patients to judge on" in verdict.reasons
    assert verdict.dice_difference is not None
    assert not verdict.dice_difference.is_known


def test_without_anything_before_the_scores_are_told_and_why_nothing_is_judged() -> None:
    verdict = judge_one([score(n, None, 0.8 + n / 100, before_cc=None) for n in range(6)])
    assert verdict.verdict is Verdict.UNDECIDED
    assert (verdict.cases, verdict.scored_cases) == (0, 6)
    assert verdict.before_dice is None
    assert verdict.after_dice == pytest.approx(0.825)
    assert "nothing to compare with in 6 cases without a contour before the run" in (
        verdict.reasons
    )


def test_an_organ_that_is_empty_in_every_held_out_patient_is_said_to_be() -> None:
    away = math.inf
    scores = [score(n, None, None, hd95=(away, away), volume_cc=0, before_cc=0) for n in range(5)]
    scores.append(score(9, 0.0, 0.0, hd95=(away, away), volume_cc=3.0))
    verdict = judge_one(scores)
    assert (verdict.verdict, verdict.scored_cases) == (Verdict.UNDECIDED, 0)
    assert verdict.reasons[1:] == (
        "the organ is empty in every held-out reference, the model predicts it there in HN-009",
    )


def test_a_prediction_of_an_organ_that_is_not_there_neither_hides_nor_makes_a_fall() -> None:
    there = [score(n, 0.80, 0.78) for n in range(5)]
    away = [score(20 + n, 0.0, 0.0, hd95=(math.inf, math.inf)) for n in range(5)]
    verdict = judge_one([*there, *away])
    assert (verdict.verdict, verdict.cases) == (Verdict.WORSE, 5)
    assert "Dice fell by 0.020" in verdict.reasons[0]


def test_each_reason_is_told_once_with_its_structures() -> None:
    few = [score(n, 0.8, 0.8) for n in range(2)]
    verdicts = judge_candidate([*few, *(replace(s, structure="BrainStem") for s in few)], GATE)
    assert list_reasons(verdicts) == [
        "ParotidL, BrainStem: 2 of at least 5 patients to judge on.",
    ]


def test_references_that_were_all_accepted_unchanged_are_named_with_their_dice() -> None:
    verdict = judge_one([score(n, 1.0, 0.9, kind=ReferenceKind.UNCHANGED) for n in range(6)])
    assert (verdict.verdict, verdict.scored_cases) == (Verdict.UNDECIDED, 0)
    assert (
        "6 contours accepted unchanged (Dice of the new model with them 0.900)"
        in (verdict.reasons[1])
    )
