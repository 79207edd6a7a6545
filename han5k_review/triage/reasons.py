"""Reasons: what stands out in a contour, in words, the most striking first."""

from __future__ import annotations

from collections.abc import Collection

from han5k_review.anatomy.rules import RuleKey
from han5k_review.triage.cohort import Unusual
from han5k_review.triage.features import FEATURES, KEYS
from han5k_review.triage.measuring import PLACES, ContourMeasures

STRIKING = 3.0
"""Standard deviations from which on something is said."""
_MOST = 3
_LANDMARKS = (
    ("Its middle lies", ("to the left", "to the right")),
    ("Its middle lies", ("to the back", "to the front")),
    ("Its middle lies", ("high", "low")),
    ("Its right edge lies", ("to the left", "to the right")),
    ("Its front edge lies", ("to the back", "to the front")),
    ("Its lower end lies", ("high", "low")),
    ("Its left edge lies", ("to the left", "to the right")),
    ("Its back edge lies", ("to the back", "to the front")),
    ("Its upper end lies", ("high", "low")),
)


def explain(
    measures: ContourMeasures, unusual: Unusual | None, common: Collection[RuleKey] = ()
) -> list[str]:
    """Sentences on one contour: broken rules first, then at most three striking numbers.

    `common` are rules that contours of this structure often break: those are no reason.
    """
    if measures.is_empty:
        return ["The contour is empty."]
    said = [broken.sentence for broken in measures.broken if broken.key not in common]
    if unusual is None:
        return said
    striking = sorted(_list_striking(unusual), reverse=True)
    return said + [sentence for _, sentence in striking[:_MOST]]


def _list_striking(unusual: Unusual) -> list[tuple[float, str]]:
    found = []
    for key, score in zip(KEYS, map(float, unusual.features), strict=True):
        if abs(score) >= STRIKING:
            feature = FEATURES[key]
            where = feature.high if score > 0 else feature.low
            article = "The" if " its " in feature.what else "Its"
            sentence = f"{article} {feature.what} is {_say(score)} {where} the cohort's."
            found.append((abs(score), sentence))
    for (what, ways), score in zip(_LANDMARKS, map(float, unusual.places[:PLACES]), strict=True):
        if abs(score) >= STRIKING:
            way = ways[0] if score > 0 else ways[1]
            sentence = f"{what} {_say(score)} too far {way} beside its neighbours."
            found.append(
                (abs(score), sentence.replace("far high", "high").replace("far low", "low"))
            )
    if unusual.overlap >= STRIKING and unusual.overlaps_with:
        beyond = f"{_say(unusual.overlap)} above the cohort's."
        words = f"Its overlap with {unusual.overlaps_with} is {beyond}"
        found.append((unusual.overlap, words))
    if unusual.disagreement >= STRIKING:
        words = "Its versions or drawings differ more than those of other patients"
        found.append((unusual.disagreement, f"{words}: {_say(unusual.disagreement)}."))
    if unusual.entropy >= STRIKING:
        words = "The network was more unsure at its border than in other patients"
        found.append((unusual.entropy, f"{words}: {_say(unusual.entropy)}."))
    return found


def _say(score: float) -> str:
    more = "more than 9" if abs(score) > 9 else f"{abs(score):.1f}"
    return f"{more} standard deviations"
