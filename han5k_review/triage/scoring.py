"""Scoring: from measurements and grades to one score a contour, with its reasons.

Without enough grades a score is a rank: the share of the cohort's contours that are less unusual,
by the mean of the five largest standard scores plus one for each broken rule. With grades it is the
calibrated probability that a reader asks for a revision.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from han5k_review.anatomy.rules import RuleKey
from han5k_review.store.vocabulary import TriageKind
from han5k_review.triage.cohort import CohortContour, Unusual, measure_unusual
from han5k_review.triage.doubts import Score
from han5k_review.triage.learned import Example, can_learn, learn_scores
from han5k_review.triage.reasons import STRIKING, explain

_COMMON = 0.3
_FEWEST_FOR_COMMON = 5
_LARGEST = 5
_DOUBTFUL_PROBABILITY, _DOUBTFUL_RANK = 0.5, 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scoring:
    """All scores of a round, what they mean, and in cross-validation how good they are."""

    kind: TriageKind
    scores: Mapping[int, Score]
    graded: int
    area: float | None


def score_contours(contours: Sequence[CohortContour], revised: Mapping[int, bool]) -> Scoring:
    """Score every contour; `revised` says of graded ones whether a reader asked for a revision."""
    unusual = measure_unusual(contours)
    common = _find_common(contours)
    judged = [_judge(one, unusual.get(one.contour), common) for one in contours]
    reasons = {one.contour: one.reasons for one in judged}
    examples = list_examples(contours, unusual, {one.contour: one.rules for one in judged})
    known = {one.contour: revised[one.contour] for one in examples if one.contour in revised}
    if not can_learn(known, [one.patient for one in examples if one.contour in known]):
        sizes = {one.contour: one.size for one in judged}
        scores = _rank(sizes, reasons)
        return Scoring(kind=TriageKind.COHORT, scores=scores, graded=len(known), area=None)
    learned = learn_scores(examples, known)
    return Scoring(
        kind=TriageKind.GRADES,
        scores={
            number: _score_learned(learned.probabilities.get(number), found)
            for number, found in reasons.items()
        },
        graded=learned.graded,
        area=learned.area,
    )


def list_examples(
    contours: Sequence[CohortContour],
    unusual: Mapping[int, Unusual],
    rules: Mapping[int, int] | None = None,
) -> list[Example]:
    """Contours that have a cohort, for learning; `rules` counts those that each breaks."""
    return [
        Example(
            contour=one.contour,
            patient=one.patient,
            structure=one.measures.structure,
            unusual=unusual[one.contour],
            rules=len(one.measures.broken) if rules is None else rules[one.contour],
        )
        for one in contours
        if one.contour in unusual
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A contour's reasons, broken rules that count, and how unusual it is (empty: infinitely)."""

    contour: int
    reasons: tuple[str, ...]
    rules: int
    size: float


def _judge(
    one: CohortContour, unusual: Unusual | None, common: Mapping[str, Collection[RuleKey]]
) -> _Judged:
    usual = common[one.measures.structure]
    rules = sum(broken.key not in usual for broken in one.measures.broken)
    size = math.inf if one.measures.is_empty else measure_size(unusual, rules)
    reasons = tuple(explain(one.measures, unusual, usual))
    return _Judged(contour=one.contour, reasons=reasons, rules=rules, size=size)


def measure_size(unusual: Unusual | None, rules: int) -> float:
    """How unusual a contour is: the mean of its five largest standard scores, plus broken rules."""
    if unusual is None:
        return float(rules)
    return float(np.sort(np.abs(unusual.singles))[-_LARGEST:].mean()) + rules


def _find_common(contours: Sequence[CohortContour]) -> dict[str, set[RuleKey]]:
    """Structure -> rules that so many of its contours break that breaking them says nothing."""
    counts = Counter(one.measures.structure for one in contours)
    broken = Counter(
        (one.measures.structure, rule.key) for one in contours for rule in one.measures.broken
    )
    common: dict[str, set[RuleKey]] = {structure: set() for structure in counts}
    for (structure, key), number in broken.items():
        count = counts[structure]
        if count >= _FEWEST_FOR_COMMON and number > _COMMON * count:
            common[structure].add(key)
    return common


def _score_learned(probability: float | None, reasons: tuple[str, ...]) -> Score:
    """An empty contour, and one without a cohort, has no probability: its rules decide."""
    doubt = probability if probability is not None else float(bool(reasons))
    is_doubtful = doubt >= _DOUBTFUL_PROBABILITY
    if is_doubtful and not reasons:
        reasons = ("Like contours that readers asked to revise; no single number stands out.",)
    return Score(doubt=doubt, is_doubtful=is_doubtful, reasons=reasons)


def _rank(sizes: Mapping[int, float], reasons: Mapping[int, tuple[str, ...]]) -> dict[int, Score]:
    """Doubtful are those of the most unusual fifth in which something stands out."""
    values = np.sort(list(sizes.values()))
    ranks = {
        contour: float(np.searchsorted(values, size)) / max(len(values) - 1, 1)
        for contour, size in sizes.items()
    }
    return {
        contour: Score(
            doubt=rank,
            is_doubtful=bool(reasons[contour])
            and sizes[contour] >= STRIKING
            and rank >= _DOUBTFUL_RANK,
            reasons=reasons[contour],
        )
        for contour, rank in ranks.items()
    }
