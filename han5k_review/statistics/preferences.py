"""Preference: which of two contours beside each other readers would rather take.

The share that prefers the first source is of the decided choices; no preference and both poor are
counted beside it. Choices of one patient are not independent, so the interval that a study reports
uses their effective number (`shares`), and the sign test (which is McNemar's exact test of paired
verdicts) counts patients: each for the source that it was decided for more often. A patient with as
many for one as for the other says nothing in it. Source: W. Conover, Practical Nonparametric
Statistics, 3rd edition 1999, 3.4.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from han5k_review.statistics.estimates import Interval
from han5k_review.statistics.rounds import measure_mcnemar
from han5k_review.statistics.shares import (
    Share,
    measure_clustered_share,
    measure_wilson_interval,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChoice:
    """One choice: whether the first source, and whether the left side, was preferred.

    Both are None where neither was; `is_poor` when neither would be used.
    """

    patient: str
    first: bool | None
    left: bool | None
    is_poor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceResult:
    """What choices say. `share` is of the first source, of the decided ones, clustered by patient;
    `plain` its Wilson interval as if every choice were of another patient.

    `p_value` is of the exact two-sided sign test over patients, 1 where no patient decides; `left`
    is the share of the left side, which shows whether readers lean to one.
    """

    first: int
    second: int
    neither: int
    both_poor: int
    share: Share
    plain: Interval | None
    patients_first: int
    patients_second: int
    patients_tied: int
    p_value: float
    left: Share

    @property
    def decided(self) -> int:
        """Choices for one of the two."""
        return self.first + self.second


def measure_preference(choices: Iterable[PairChoice]) -> PreferenceResult:
    """Count, and test. Works for no choice at all: shares and intervals are then None."""
    given = list(choices)
    decided = [one for one in given if one.first is not None]
    first = sum(one.first is True for one in decided)
    poor = sum(one.is_poor for one in given)
    lead: Counter[str] = Counter()
    for one in decided:
        lead[one.patient] += 1 if one.first else -1
    patients = Counter((n > 0) - (n < 0) for n in lead.values())
    return PreferenceResult(
        first=first,
        second=len(decided) - first,
        neither=len(given) - len(decided) - poor,
        both_poor=poor,
        share=measure_clustered_share((one.patient, one.first is True) for one in decided),
        plain=measure_wilson_interval(first, len(decided)),
        patients_first=patients[1],
        patients_second=patients[-1],
        patients_tied=patients[0],
        p_value=measure_mcnemar(patients[1], patients[-1]),
        left=measure_clustered_share((one.patient, one.left is True) for one in decided),
    )
