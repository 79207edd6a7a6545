from __future__ import annotations

import math
from dataclasses import replace

import pytest

from han5k_review.retraining.teaching.gate import StructureVerdict, Verdict, judge_candidate
from han5k_review.retraining.teaching.paired_scores import GateSettings, PairedScore
from han5k_review.store.vocabulary import ReferenceKind
from han5k_review.ui.retraining.run_charts import list_reasons

GATE = GateSettings(resamples=200)


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


def test_a_better_candidate_passes_with_its_interval() -> None:
    verdict = judge_one([score(n, 0.70, 0.70 + n / 100) for n in range(1, 7)])
    assert verdict.verdict is Verdict.PASS
    assert verdict.dice_difference is not None
    assert verdict.dice_difference.mean == pytest.approx(0.035)
    assert verdict.dice_difference.low < 0.035 < verdict.dice_difference.high


def test_a_drop_of_more_than_a_hundredth_fails_and_names_the_worst_cases() -> None:
    drops = [0.0, 0.0, 0.0, 0.02, 0.09, 0.05]
    verdict = judge_one([score(n, 0.8, 0.8 - drop) for n, drop in enumerate(drops)])
    assert verdict.verdict is Verdict.FAIL
    assert verdict.worst_cases == ("HN-004", "HN-005", "HN-003")


def test_a_drop_of_less_is_let_through() -> None:
    assert judge_one([score(n, 0.8, 0.795) for n in range(6)]).verdict is Verdict.PASS


def test_a_longer_hausdorff_distance_fails() -> None:
    verdict = judge_one([score(n, 0.8, 0.8, hd95=(3.0, 4.5)) for n in range(6)])
    assert verdict.verdict is Verdict.FAIL
    assert "HD95 rose by 1.5 mm" in verdict.reasons[0]


def test_few_cases_are_left_to_a_person() -> None:
    assert judge_one([score(n, 0.8, 0.71) for n in range(4)]).verdict is Verdict.TOO_FEW


def test_a_fall_of_a_tenth_fails_however_few_the_cases() -> None:
    verdict = judge_one([score(1, 0.8, 0.7)])
    assert verdict.verdict is Verdict.FAIL
    assert "0.1 or more fails with any number of cases" in verdict.reasons[0]


def test_after_a_bad_model_came_into_use_the_contours_under_review_still_judge() -> None:
    away = math.inf
    parent = [score(n, 0.0, 0.1, hd95=(away, 30.0), before_cc=0.0) for n in range(5)]
    present = [score(n, 0.9, 0.1, hd95=(3.0, 30.0)) for n in range(5)]
    verdict = judge_one(parent, in_use=present)
    assert verdict.verdict is Verdict.FAIL
    assert verdict.in_use_dice == pytest.approx(0.9)
    assert verdict.reasons[0].startswith("against the contours under review: Dice fell by 0.800")
    better = [score(n, 0.85, 0.9) for n in range(5)]
    assert judge_one(better, in_use=better).verdict is Verdict.PASS


def test_what_meets_the_organ_nowhere_never_passes_even_when_nothing_was_there_before() -> None:
    away = math.inf
    nothing = [score(n, 0.0, 0.0, hd95=(away, away), volume_cc=0, before_cc=0) for n in range(5)]
    verdict = judge_one(nothing)
    assert verdict.verdict is Verdict.FAIL
    assert "it meets the organ in none of 5 held-out cases" in verdict.reasons[0]


def test_newly_empty_fails_though_what_was_there_before_missed_the_organ() -> None:
    empty = score(1, 0.0, 0.0, hd95=(90.0, math.inf), volume_cc=0.0)
    assert "nothing predicted in HN-001" in judge_one([empty]).reasons[0]


def test_accepted_unchanged_references_never_decide() -> None:
    unchanged = [score(n, 1.0, 0.6, kind=ReferenceKind.UNCHANGED) for n in range(9)]
    better = [score(20 + n, 0.7, 0.8, kind=ReferenceKind.REVISED) for n in range(5)]
    verdict = judge_one([*unchanged, *better])
    assert verdict.verdict is Verdict.PASS
    assert (verdict.cases, verdict.unchanged_cases) == (5, 9)


def test_a_new_empty_output_fails_however_few_the_cases() -> None:
    empty = score(1, 0.8, 0.0, hd95=(3.0, math.inf), volume_cc=0.0)
    assert judge_one([empty]).verdict is Verdict.FAIL


def test_exchanged_sides_fail() -> None:
    verdict = judge_one([score(n, 0.8, 0.9) for n in range(6)], swapped={"ParotidL": ["HN-002"]})
    assert verdict.verdict is Verdict.FAIL
    assert "left and right exchanged in HN-002" in verdict.reasons


def test_undefined_and_infinite_values_enter_no_mean() -> None:
    scores = [score(n, 0.8, 0.8) for n in range(5)]
    scores.append(score(7, None, None, hd95=(math.inf, math.inf)))
    verdict = judge_one(scores)
    assert verdict.cases == 5
    assert verdict.hd95_difference_mm is not None
    assert verdict.hd95_difference_mm.mean == 0


def test_whole_patients_are_drawn_not_cases() -> None:
    same = [score(1, 0.5, 0.9) for _ in range(5)]
    verdict = judge_one(same)
    assert verdict.dice_difference is not None
    assert verdict.dice_difference.low == verdict.dice_difference.high


def test_without_anything_before_the_scores_are_told_and_why_nothing_is_judged() -> None:
    verdict = judge_one([score(n, None, 0.8 + n / 100, before_cc=None) for n in range(6)])
    assert verdict.verdict is Verdict.TOO_FEW
    assert (verdict.cases, verdict.scored_cases) == (0, 6)
    assert (verdict.before_dice, verdict.after_dice) == (None, pytest.approx(0.825))
    assert "nothing to compare with in 6 cases without a contour before the run" in (
        verdict.reasons
    )


def test_an_organ_that_is_empty_in_every_held_out_patient_is_said_to_be() -> None:
    away = math.inf
    scores = [score(n, None, None, hd95=(away, away), volume_cc=0, before_cc=0) for n in range(5)]
    scores.append(score(9, 0.0, 0.0, hd95=(away, away), volume_cc=3.0))
    verdict = judge_one(scores)
    assert (verdict.verdict, verdict.scored_cases) == (Verdict.TOO_FEW, 0)
    assert verdict.reasons[1:] == (
        "the organ is empty in every held-out reference, the model predicts it there in HN-009",
    )


def test_a_prediction_of_an_organ_that_is_not_there_neither_hides_nor_makes_a_fall() -> None:
    there = [score(n, 0.80, 0.78) for n in range(5)]
    away = [score(20 + n, 0.0, 0.0, hd95=(math.inf, math.inf)) for n in range(5)]
    verdict = judge_one([*there, *away])
    assert (verdict.verdict, verdict.cases) == (Verdict.FAIL, 5)
    assert "Dice fell by 0.020" in verdict.reasons[0]


def test_each_reason_is_told_once_with_its_structures() -> None:
    few = [score(n, 0.8, 0.8) for n in range(2)]
    verdicts = judge_candidate([*few, *(replace(s, structure="BrainStem") for s in few)], GATE)
    assert list_reasons(verdicts) == [
        "ParotidL, BrainStem: 2 of at least 5 cases to judge on.",
    ]


def test_references_that_were_all_accepted_unchanged_are_named_with_their_dice() -> None:
    verdict = judge_one([score(n, 1.0, 0.9, kind=ReferenceKind.UNCHANGED) for n in range(6)])
    assert (verdict.verdict, verdict.scored_cases) == (Verdict.TOO_FEW, 0)
    assert (
        "6 contours accepted unchanged (Dice of the new model with them 0.900)"
        in (verdict.reasons[1])
    )
