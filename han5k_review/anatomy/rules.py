"""Rules of anatomy: what a contour should keep to beside others, and when and how it is said.

One table for the warnings of the server, the warnings while drawing (it travels in the viewer's
payload), and the check of a model's left and right. Pure numbers in: who has masks measures them.

    RULES[RuleKey.OUTSIDE].judge(0.29, other="Brain")
    -> "0.29 cc lie outside Brain, in which it should lie."
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RuleKey(StrEnum):
    """Which rule; the value is its key in the viewer's payload."""

    OUTSIDE = "outside"
    SIDE = "side"
    PIECES = "pieces"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnatomyRule:
    """One rule: what is measured, in `unit`, is said from `at_least` on.

    `sentence` holds `{amount}`, written with `decimals`, and other words in braces, which whoever
    measures says: `{other}` is the structure it is measured against, `{side}` is left or right.
    """

    key: RuleKey
    at_least: float
    unit: str
    decimals: int
    sentence: str

    def is_broken(self, amount: float) -> bool:
        """True from `at_least` on; never for nan."""
        return amount >= self.at_least

    def judge(self, amount: float, **words: str) -> str | None:
        """The sentence with its `words`, None while the rule is kept."""
        if not self.is_broken(amount):
            return None
        return self.sentence.format(amount=f"{amount:.{self.decimals}f}", **words)


SIDES = {"L": "left", "R": "right"}

RULES: Mapping[RuleKey, AnatomyRule] = {
    rule.key: rule
    for rule in (
        AnatomyRule(
            key=RuleKey.OUTSIDE,  # volume outside the structure that should contain it
            at_least=0.01,  # a rim of a few voxels is a matter of taste
            unit="cc",
            decimals=2,
            sentence="{amount} cc lie outside {other}, in which it should lie.",
        ),
        AnatomyRule(
            key=RuleKey.SIDE,  # how far its middle lies on the wrong side of its pair's middle
            at_least=0.0,  # also when both middles are the same: then one was copied onto the other
            unit="mm",
            decimals=0,
            sentence=(
                "Left and right may be swapped: its middle does not lie on the patient's {side} of "
                "{other}."
            ),
        ),
        AnatomyRule(
            key=RuleKey.PIECES,  # separate pieces more than before
            at_least=1.0,
            unit="pieces",
            decimals=0,
            sentence="{pieces} separate pieces; the contour under review has {before}.",
        ),
    )
}


def measure_wrong_side_mm(side: str | None, own_left_mm: float, pair_left_mm: float) -> float:
    """How far a middle lies on the wrong side of its pair's, in mm; negative: on the right side.

    Both grow to the patient's left; nan for a structure without a side.
    """
    if side not in SIDES:
        return float("nan")
    return pair_left_mm - own_left_mm if side == "L" else own_left_mm - pair_left_mm
