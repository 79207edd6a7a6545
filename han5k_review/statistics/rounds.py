"""Two rounds on the same patients: what became better or worse, structure by structure.

McNemar's exact test on acceptable or not, the difference of shares with D. Bonett's and R. Price's
interval (J Educ Behav Stat 2012;37:479), and Holm's correction over structures (Scand J Stat
1979;6:65).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, ndtri

from han5k_review.statistics.estimates import CONFIDENCE, Estimate, Interval, undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundComparison:
    """One structure in both rounds; `p_adjusted` holds for all structures of the comparison."""

    structure: str
    patients: int
    before: int
    after: int
    gained: int
    lost: int
    difference: Estimate
    p: float
    p_adjusted: float


def compare_rounds(
    pairs: Mapping[str, Iterable[tuple[bool, bool]]], confidence: float = CONFIDENCE
) -> list[RoundComparison]:
    """Structures by name; each pair says whether a patient was acceptable before and after."""
    tables = {
        name: np.array(list(rows), dtype=np.bool_).reshape(-1, 2) for name, rows in pairs.items()
    }
    gained = {name: int((~t[:, 0] & t[:, 1]).sum()) for name, t in tables.items()}
    lost = {name: int((t[:, 0] & ~t[:, 1]).sum()) for name, t in tables.items()}
    chances = [measure_mcnemar(gained[name], lost[name]) for name in tables]
    return [
        RoundComparison(
            structure=name,
            patients=len(table),
            before=int(table[:, 0].sum()),
            after=int(table[:, 1].sum()),
            gained=gained[name],
            lost=lost[name],
            difference=measure_paired_difference(gained[name], lost[name], len(table), confidence),
            p=chance,
            p_adjusted=adjusted,
        )
        for (name, table), chance, adjusted in zip(
            tables.items(), chances, adjust_by_holm(chances), strict=True
        )
    ]


def measure_mcnemar(gained: int, lost: int) -> float:
    """Two-sided exact p of McNemar's test; 1 where no patient changed."""
    changed = gained + lost
    return min(1.0, 2 * float(bdtr(min(gained, lost), changed, 0.5))) if changed else 1.0


def measure_paired_difference(
    gained: int, lost: int, patients: int, confidence: float = CONFIDENCE
) -> Estimate:
    """Share acceptable after less before, of the same patients, with its interval."""
    if not patients:
        return undefined("No patient was graded in both rounds.")
    z = float(ndtri((1 + confidence) / 2))
    up, down = (gained + 1) / (patients + 2), (lost + 1) / (patients + 2)
    half = z * math.sqrt((up + down - (up - down) ** 2) / (patients + 2))
    middle = up - down
    interval = Interval(
        low=max(middle - half, -1.0), high=min(middle + half, 1.0), confidence=confidence
    )
    return Estimate(value=(gained - lost) / patients, interval=interval)


def adjust_by_holm(chances: Sequence[float]) -> list[float]:
    """Holm's adjusted p values, in the order given."""
    order = np.argsort(chances, kind="stable")
    raised = np.asarray(chances, dtype=np.float64)[order] * np.arange(len(chances), 0, -1)
    adjusted = np.empty(len(chances))
    adjusted[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return [float(value) for value in adjusted]
