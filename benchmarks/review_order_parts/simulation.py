"""Orders of reading, simulated: Dice gained against an expert's minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.triage.cohort import CohortContour
from han5k_review.triage.order import (
    Expected,
    PastReading,
    PastRevision,
    learn_expected,
    order_by_gain,
)
from han5k_review.triage.scoring import score_contours
from review_order_parts.contours import READ_SECONDS, JudgedContour

BUDGETS_MINUTES = np.arange(10.0, 161.0, 10.0)
RANDOM, OURS, ORACLE = "stratified random", "ours", "oracle"
Floats = NDArray[np.float64]
Order = Callable[[NDArray[np.int_], np.random.Generator], list[int]]
"""Places of drawn contours -> their order (places in what was drawn), best first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """Order -> Dice gained at each budget, mean over seeds (budgets,); and of the area under that
    curve over that of stratified random, its mean and 95 % limits over patients and seeds."""

    curves: Mapping[str, Floats]
    ahead: Mapping[str, tuple[float, float, float]]


def predict(
    taught: Sequence[JudgedContour], asked: Sequence[JudgedContour], *, by_network: bool = False
) -> Floats:
    """The product's probability that each asked contour will be revised, from the taught grades."""
    whole = _build_cohort([*taught, *asked], with_entropy=by_network)
    scoring = score_contours(whole, {n: one.is_wrong for n, one in enumerate(taught)})
    return np.array([scoring.scores[len(taught) + n].doubt for n in range(len(asked))])


def measure_learned_area(graded: Sequence[JudgedContour], *, with_entropy: bool) -> float | None:
    """The area under the ROC curve of the product's scores, each by trees that never saw its
    patient; None with too few grades."""
    whole = _build_cohort(graded, with_entropy=with_entropy)
    return score_contours(whole, {n: one.is_wrong for n, one in enumerate(graded)}).area


def _build_cohort(contours: Sequence[JudgedContour], *, with_entropy: bool) -> list[CohortContour]:
    """A study knows the entropy of what its networks predicted, of nothing else."""
    return [
        CohortContour(
            contour=n,
            case=one.patient,
            patient=one.patient,
            measures=one.measures,
            disagreement=one.disagreement,
            entropy=one.entropy if with_entropy else None,
        )
        for n, one in enumerate(contours)
    ]


def expect(taught: Sequence[JudgedContour], structures: Sequence[str]) -> dict[str, Expected]:
    """What the product expects of each structure after the taught contours were read."""
    readings = [PastReading(structure=one.structure, seconds=READ_SECONDS) for one in taught]
    revisions = [
        PastRevision(
            structure=one.structure,
            added_path_mm=one.added_path_mm,
            gain=one.gain,
            seconds=one.revise_seconds,
        )
        for one in taught
        if one.is_wrong
    ]
    return learn_expected(structures, readings, revisions)


def build_orders(
    asked: Sequence[JudgedContour],
    chances: Floats,
    expected: Mapping[str, Expected],
    revised: Mapping[str, int],
) -> dict[str, Order]:
    """All orders of the benchmark, by name."""
    structures = sorted(expected)
    column = {name: n for n, name in enumerate(structures)}
    which = np.array([column[one.structure] for one in asked])
    value = np.array([one.gain / one.seconds for one in asked])

    def by(numbers: Floats) -> Order:
        return lambda drawn, rng: np.lexsort((rng.random(len(drawn)), -numbers[drawn])).tolist()

    def stratified(drawn: NDArray[np.int_], rng: np.random.Generator) -> list[int]:
        """Structures in the shares that they have, at random within each."""
        turn = np.empty(len(drawn))
        for n in np.unique(which[drawn]):
            own = rng.permutation(np.flatnonzero(which[drawn] == n))
            turn[own] = (np.arange(len(own)) + rng.random()) / len(own)
        return [int(place) for place in np.argsort(turn, kind="stable")]

    def ours(drawn: NDArray[np.int_], _: np.random.Generator) -> list[int]:
        table = np.full((len(drawn), len(structures)), np.nan)
        table[np.arange(len(drawn)), which[drawn]] = chances[drawn]
        return [place for place, _ in order_by_gain(table, structures, expected, revised)]

    return {
        RANDOM: stratified,
        "disagreement": by(np.array([one.disagreement for one in asked])),
        "entropy": by(np.array([one.entropy for one in asked])),
        OURS: ours,
        ORACLE: by(value),
    }


def simulate(
    asked: Sequence[JudgedContour], orders: Mapping[str, Order], seeds: int, resamples: int
) -> Outcome:
    """Read all contours in each order; then with patients drawn anew, seeds in turn."""
    everyone = np.arange(len(asked))
    curves = {
        name: np.mean(
            [_read(asked, everyone, order, np.random.default_rng(n)) for n in range(seeds)], axis=0
        )
        for name, order in orders.items()
    }
    patients = sorted({one.patient for one in asked})
    own = {p: np.flatnonzero([one.patient == p for one in asked]) for p in patients}
    rng = np.random.default_rng(0)
    ahead: dict[str, list[float]] = {name: [] for name in orders}
    for n in range(resamples):
        chosen = rng.choice(patients, len(patients))
        drawn = np.concatenate([own[p] for p in chosen])
        seeded = {name: np.random.default_rng([n % seeds, n]) for name in orders}
        areas = {
            name: measure_area(_read(asked, drawn, order, seeded[name]))
            for name, order in orders.items()
        }
        for name, area in areas.items():
            ahead[name].append(area - areas[RANDOM])
    own_areas = {name: measure_area(curve) for name, curve in curves.items()}
    limits = {name: np.percentile(values, (2.5, 97.5)) for name, values in ahead.items()}
    return Outcome(
        curves=curves,
        ahead={
            name: (own_areas[name] - own_areas[RANDOM], float(low), float(high))
            for name, (low, high) in limits.items()
        },
    )


def measure_area(curve: Floats) -> float:
    """The mean of a curve over the budgets: its area over their range."""
    width = BUDGETS_MINUTES[-1] - BUDGETS_MINUTES[0]
    return float(np.trapezoid(curve, BUDGETS_MINUTES) / width)


def _read(
    asked: Sequence[JudgedContour],
    drawn: NDArray[np.int_],
    order: Order,
    rng: np.random.Generator,
) -> Floats:
    """Dice gained (mean over all drawn contours) by what is finished within each budget."""
    ordered = [asked[drawn[place]] for place in order(drawn, rng)]
    minutes = np.cumsum([one.seconds for one in ordered]) / 60
    gained = np.concatenate([[0.0], np.cumsum([one.gain for one in ordered])])
    return np.asarray(gained[np.searchsorted(minutes, BUDGETS_MINUTES, side="right")] / len(drawn))


def count_revised(taught: Sequence[JudgedContour]) -> dict[str, int]:
    """Structure -> contours that the expert revised already."""
    return dict(Counter(one.structure for one in taught if one.is_wrong))
