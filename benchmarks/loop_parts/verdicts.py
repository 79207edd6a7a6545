"""What the measurements say: differences to the parent with intervals, and the tests of the plan.

The unit is the patient: the mean of its structures. Patients and seeds are both drawn (crossed
bootstrap, `han5k_review.statistics.bootstrap`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from han5k_review.statistics.bootstrap import draw_resamples, measure_mean
from han5k_review.statistics.estimates import Estimate
from han5k_review.statistics.rounds import adjust_by_holm
from loop_parts.results import Row

MARGIN = 0.01
LEVEL = 0.05
_SEED = 17
Dice = Mapping[tuple[str, str], float]  # (patient, structure) -> Dice
Cells = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Dice by (training, alpha) of all measured models."""

    dice: Mapping[tuple[str, float], Dice]

    def find(self, model: str, alpha: float = 1.0) -> Dice:
        """Dice of one model, empty when it was not measured."""
        return self.dice.get((model, alpha), {})


def collect(rows: Sequence[Row]) -> Scores:
    """The rows by model."""
    found: dict[tuple[str, float], dict[tuple[str, str], float]] = {}
    for row in rows:
        found.setdefault((row.model, row.alpha), {})[row.patient, row.structure] = row.dice
    return Scores(dice=found)


def subtract(
    models: Sequence[Dice], others: Sequence[Dice], structures: Collection[str]
) -> tuple[Cells, list[str]]:
    """(patients, seeds): mean difference of the structures in each patient, nan without any.

    `others` has one table for each seed, or a single one for all.
    """
    against = list(others) * len(models) if len(others) == 1 else list(others)
    patients = sorted({p for table in models for p, s in table if s in structures})
    cells = np.full((len(patients), len(models)), np.nan)
    for seed, (mine, other) in enumerate(zip(models, against, strict=True)):
        for place, patient in enumerate(patients):
            keys = [(patient, s) for s in structures if (patient, s) in mine.keys() & other.keys()]
            if keys:
                cells[place, seed] = np.mean([mine[k] - other[k] for k in keys])
    return cells, patients


def estimate(cells: Cells, confidence: float = 0.95) -> Estimate:
    """The mean of the cells and its interval over patients and seeds; always the same draws."""
    known = np.isfinite(cells)
    draws = draw_resamples(
        np.random.default_rng(_SEED),
        patients=cells.shape[0],
        readers=cells.shape[1],
    )
    sums = np.where(known, cells, 0.0)
    return measure_mean(sums, known.astype(float), draws, confidence=confidence)


def measure_chance(cells: Cells, limit: float) -> float:
    """One-sided p of a true mean of `limit` or less: where the interval's lower end meets it."""
    low, high = -1.0, 1.0  # two-sided confidence; below 0 the mean itself is under the limit
    for _ in range(18):
        middle = (low + high) / 2
        if _find_bound(cells, middle) > limit:
            low = middle
        else:
            high = middle
    return (1 - low) / 2


def _find_bound(cells: Cells, confidence: float) -> float:
    """The lower end at a confidence, the upper end at a negative one."""
    found = estimate(cells, min(abs(confidence), 0.999999))
    if found.value is None:
        return -np.inf
    if found.interval is None:
        return found.value
    return found.interval.low if confidence >= 0 else found.interval.high


@dataclass(frozen=True, kw_only=True)
class StructureChange:
    """One structure: mean difference of patients, and whether it is surely worse after Holm."""

    structure: str
    patients: int
    mean: float
    low: float
    high: float
    p_worse: float
    is_worse: bool


def compare_structures(
    models: Sequence[Dice], others: Sequence[Dice], structures: Sequence[str]
) -> list[StructureChange]:
    """Each structure by a t test of patients, whose seeds are averaged; Holm over structures.

    Worse is what surely falls, by more than the margin, as the product's gate has it.
    """
    found = []
    for name in structures:
        cells, _ = subtract(models, others, [name])
        values = np.nanmean(cells, axis=1) if cells.size else np.zeros(0)
        found.append((name, values[np.isfinite(values)]))
    tested = [(name, v) for name, v in found if len(v) >= 2 and np.ptp(v) > 0]
    chances = [float(stats.ttest_1samp(v, 0.0, alternative="less").pvalue) for _, v in tested]
    changes = []
    for (name, values), chance in zip(tested, adjust_by_holm(chances), strict=True):
        half = float(stats.t.ppf(0.975, len(values) - 1)) * float(stats.sem(values))
        middle = float(values.mean())
        changes.append(
            StructureChange(
                structure=name,
                patients=len(values),
                mean=middle,
                low=middle - half,
                high=middle + half,
                p_worse=chance,
                is_worse=chance <= LEVEL and middle < -MARGIN,
            )
        )
    return changes


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """One test of the plan: its words, the number with its interval, and p after Holm."""

    words: str
    limit: float
    estimate: Estimate
    p: float
    p_adjusted: float

    @property
    def holds(self) -> bool:
        """Shown at the level of the plan."""
        return self.p_adjusted <= LEVEL / 2  # one-sided, as a 95 % interval's lower end


def confirm(tests: Sequence[tuple[str, Cells, float]]) -> list[Confirmed]:
    """The tests of the plan, with Holm's correction over them."""
    chances = [measure_chance(cells, limit) for _, cells, limit in tests]
    return [
        Confirmed(words=words, limit=limit, estimate=estimate(cells), p=p, p_adjusted=adjusted)
        for (words, cells, limit), p, adjusted in zip(
            tests, chances, adjust_by_holm(chances), strict=True
        )
    ]
