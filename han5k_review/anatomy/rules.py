"""Rules of anatomy: what a contour should keep to beside others, and when and how it is said.

One table for the warnings of the server, the warnings while drawing (those in `WHILE_DRAWING`
travel in the viewer's payload), the check of a model's left and right, and triage. Pure numbers in:
who has masks measures them.

    RULES[RuleKey.OUTSIDE].judge(0.29, other="Brain")
    -> "0.29 cc lie outside Brain, in which it should lie."
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class RuleKey(StrEnum):
    """Which rule; the value is its key in the viewer's payload and in stored measurements."""

    OUTSIDE = "outside"
    SIDE = "side"
    PIECES = "pieces"
    ISLANDS = "islands"
    HOLES = "holes"
    GAPS = "gaps"
    SYMMETRY = "symmetry"
    TRUNCATED = "truncated"
    BODY = "body"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnatomyRule:
    """One rule: what is measured, in `unit`, is said from `at_least` on.

    `sentence` holds `{amount}`, written with `decimals`, and other words in braces, which whoever
    measures says: `{other}` is the structure it is measured against, `{side}` is left or right,
    `{end}` is first or last.
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
        AnatomyRule(
            key=RuleKey.ISLANDS,  # volume apart from its largest piece
            at_least=0.05,  # less is a few voxels at the end of a thin organ
            unit="cc",
            decimals=2,
            sentence="{amount} cc lie apart from its largest piece.",
        ),
        AnatomyRule(
            key=RuleKey.HOLES,  # volume that is closed in on its axial slice
            at_least=0.1,
            unit="cc",
            decimals=2,
            sentence="It has holes of {amount} cc.",
        ),
        AnatomyRule(
            key=RuleKey.GAPS,  # empty slices between its first and its last
            at_least=1.0,
            unit="slices",
            decimals=0,
            sentence="Empty slices in the middle of it: {amount}.",
        ),
        AnatomyRule(
            key=RuleKey.SYMMETRY,  # larger volume of a pair over the smaller
            at_least=1.6,
            unit="times",
            decimals=1,
            sentence="Its volume and that of {other} differ by a factor of {amount}.",
        ),
        AnatomyRule(
            key=RuleKey.TRUNCATED,  # slices at the ends of the CT that it reaches
            at_least=1.0,
            unit="slices",
            decimals=0,
            sentence="It reaches the {end} slice of the CT and may be cut off there.",
        ),
        AnatomyRule(
            key=RuleKey.BODY,  # volume outside the patient's body
            at_least=0.2,  # the skin itself is a matter of the threshold
            unit="cc",
            decimals=2,
            sentence="{amount} cc lie outside the patient's body.",
        ),
    )
}

WHILE_DRAWING = (RuleKey.OUTSIDE, RuleKey.SIDE, RuleKey.PIECES)
"""Rules that the viewer measures with every stroke."""


def measure_wrong_side_mm(side: str | None, own_left_mm: float, pair_left_mm: float) -> float:
    """How far a middle lies on the wrong side of its pair's, in mm; negative: on the right side.

    Both grow to the patient's left; nan for a structure without a side.
    """
    if side not in SIDES:
        return float("nan")
    return pair_left_mm - own_left_mm if side == "L" else own_left_mm - pair_left_mm
