"""Scoring: from measurements and grades to one score a contour, with its reasons.

Without enough grades a score is a rank: the share of the cohort's contours that are less unusual,
by the mean of the five largest standard scores plus one for each broken rule. With grades it is the
calibrated probability that a reader asks for a revision.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
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
_DOUBTFUL_PROBABILITY = 0.5


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
    rules = {
        one.contour: sum(b.key not in common[one.measures.structure] for b in one.measures.broken)
        for one in contours
    }
    reasons = {
        one.contour: tuple(
            explain(one.measures, unusual.get(one.contour), common[one.measures.structure])
        )
        for one in contours
    }
    examples = [
        Example(
            contour=one.contour,
            patient=one.patient,
            unusual=unusual[one.contour],
            rules=rules[one.contour],
        )
        for one in contours
        if one.contour in unusual
    ]
    known = {one.contour: revised[one.contour] for one in examples if one.contour in revised}
    patients = [one.patient for one in examples if one.contour in known]
    if can_learn(known, patients):
        learned = learn_scores(examples, known)
        scores = {
            one.contour: _score_learned(one, learned.probabilities, reasons[one.contour])
            for one in contours
        }
        return Scoring(
            kind=TriageKind.GRADES, scores=scores, graded=learned.graded, area=learned.area
        )
    sizes = {
        one.contour: measure_size(unusual.get(one.contour), rules[one.contour])
        if not one.measures.is_empty
        else math.inf
        for one in contours
    }
    return Scoring(
        kind=TriageKind.COHORT, scores=_rank(sizes, reasons), graded=len(known), area=None
    )


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


def _score_learned(
    one: CohortContour, probabilities: Mapping[int, float], reasons: tuple[str, ...]
) -> Score:
    """An empty contour, and one without a cohort, is judged by its rules alone."""
    doubt = probabilities.get(one.contour, 1.0 if reasons else 0.0)
    is_doubtful = doubt >= _DOUBTFUL_PROBABILITY
    if is_doubtful and not reasons:
        reasons = ("Like contours that readers asked to revise; no single number stands out.",)
    return Score(doubt=doubt, is_doubtful=is_doubtful, reasons=reasons)


def _rank(sizes: Mapping[int, float], reasons: Mapping[int, tuple[str, ...]]) -> dict[int, Score]:
    values = np.sort(list(sizes.values()))
    return {
        contour: Score(
            doubt=float(np.searchsorted(values, size)) / max(len(values) - 1, 1),
            is_doubtful=bool(reasons[contour]) and size >= STRIKING,
            reasons=reasons[contour],
        )
        for contour, size in sizes.items()
    }
