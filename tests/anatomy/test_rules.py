from __future__ import annotations

import math

import pytest

from han5k_review.anatomy.rules import RULES, RuleKey, measure_wrong_side_mm


def test_a_rim_is_not_said_and_a_hundredth_of_a_cc_is() -> None:
    rule = RULES[RuleKey.OUTSIDE]
    assert rule.judge(0.0099, other="Brain") is None
    assert rule.judge(0.01, other="Brain") == "0.01 cc lie outside Brain, in which it should lie."


@pytest.mark.parametrize(
    ("side", "own_mm", "pair_mm", "wrong"),
    [
        ("L", 40.0, -40.0, False),
        ("L", -40.0, 40.0, True),
        ("R", -40.0, 40.0, False),
        ("R", 40.0, -40.0, True),
        ("L", 3.0, 3.0, True),
        (None, -40.0, 40.0, False),
    ],
)
def test_a_contour_lies_on_its_side_of_its_pair(
    side: str | None, own_mm: float, pair_mm: float, wrong: bool
) -> None:
    rule = RULES[RuleKey.SIDE]
    assert rule.is_broken(measure_wrong_side_mm(side, own_mm, pair_mm)) is wrong


def test_what_cannot_be_measured_breaks_no_rule() -> None:
    assert not any(rule.is_broken(math.nan) for rule in RULES.values())
