"""Shares: how many contours are acceptable, with exact and Wilson intervals.

Exact: C. Clopper, E. Pearson, Biometrika 1934;26:404. Wilson: E. Wilson, JASA 1927;22:209.
Several contours of one patient are not independent; shares over them use the effective number:
E. Korn, B. Graubard, Surv Methodol 1998;24:193.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, ndtri

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import CONFIDENCE, Interval

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """`acceptable` of `judged` contours of `patients` patients.

    `effective` is the number of independent contours that are worth as much; it equals `judged`
    where each patient has one. Intervals are None where nothing was judged.
    """

    acceptable: int
    judged: int
    patients: int
    effective: float
    exact: Interval | None
    wilson: Interval | None

    @property
    def proportion(self) -> float | None:
        """Share of acceptable contours; None where nothing was judged."""
        return self.acceptable / self.judged if self.judged else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict on one structure of a patient; `group` is what a study compares (site, arm)."""

    patient: str
    structure: str
    tier: str
    acceptable: bool
    group: str = ""


def measure_exact_interval(
    acceptable: float, judged: float, confidence: float = CONFIDENCE
) -> Interval | None:
    """Clopper-Pearson; None where nothing was judged. Effective numbers need not be whole.

    The limits are quantiles of beta distributions (scipy.stats, which says it in one call, takes
    half a second to import).
    """
    if judged <= 0:
        return None
    tail, failed = (1 - confidence) / 2, judged - acceptable
    low = betaincinv(acceptable, failed + 1, tail) if acceptable > 0 else 0.0
    high = betaincinv(acceptable + 1, failed, 1 - tail) if failed > 0 else 1.0
    return Interval(low=float(low), high=float(high), confidence=confidence)


def measure_wilson_interval(
    acceptable: float, judged: float, confidence: float = CONFIDENCE
) -> Interval | None:
    """Wilson's score interval; None where nothing was judged."""
    if judged <= 0:
        return None
    z = float(ndtri((1 + confidence) / 2))
    share = acceptable / judged
    middle = (share + z**2 / (2 * judged)) / (1 + z**2 / judged)
    spread = math.sqrt(share * (1 - share) / judged + z**2 / (4 * judged**2))
    half = z * spread / (1 + z**2 / judged)
    low = 0.0 if acceptable == 0 else max(middle - half, 0.0)
    high = 1.0 if acceptable == judged else min(middle + half, 1.0)
    return Interval(low=low, high=high, confidence=confidence)


def measure_share(acceptable: int, judged: int, confidence: float = CONFIDENCE) -> Share:
    """The share of independent contours: one of each patient. DataError for impossible numbers."""
    if not 0 <= acceptable <= judged:
        raise DataError(
            f"Between 0 and {judged} acceptable contours were expected, found {acceptable}."
        )
    return _build(acceptable, judged, judged, float(judged), confidence)


def measure_clustered_share(
    verdicts: Iterable[tuple[str, bool]], confidence: float = CONFIDENCE
) -> Share:
    """The share of (patient, acceptable) verdicts, several of a patient counting for less.

    Where all or none are acceptable nothing shows how alike contours of one patient are: the
    effective number is then that of the patients.
    """
    by_patient: dict[str, list[int]] = {}
    for patient, acceptable in verdicts:
        count = by_patient.setdefault(patient, [0, 0])
        count[0] += acceptable
        count[1] += 1
    counts = np.array(list(by_patient.values()), dtype=np.float64).reshape(-1, 2)
    effective = _effective(counts[:, 0], counts[:, 1])
    passed, judged = (int(total) for total in counts.sum(axis=0))
    return _build(passed, judged, len(counts), effective, confidence)


def build_shares(judgements: Iterable[Judgement], by: Callable[[Judgement], K]) -> dict[K, Share]:
    """Shares by structure, tier, group or any mix of them: `by` names the group of a judgement.

    A patient counts once in each structure of a group, with the worst verdict.
    """
    worst: dict[K, dict[tuple[str, str], bool]] = {}
    for judgement in judgements:
        verdicts = worst.setdefault(by(judgement), {})
        place = (judgement.patient, judgement.structure)
        verdicts[place] = verdicts.get(place, True) and judgement.acceptable
    return {
        group: measure_clustered_share((patient, v) for (patient, _), v in verdicts.items())
        for group, verdicts in worst.items()
    }


def _effective(acceptable: NDArray[np.float64], judged: NDArray[np.float64]) -> float:
    patients, total = len(judged), float(judged.sum())
    if patients == total:
        return total
    share = acceptable.sum() / total
    if patients < 2 or share in (0.0, 1.0):
        return float(patients)
    residuals = acceptable - share * judged
    variance = patients / (patients - 1) * float((residuals**2).sum()) / total**2
    return min(total, share * (1 - share) / variance) if variance > 0 else total


def _build(
    acceptable: int, judged: int, patients: int, effective: float, confidence: float
) -> Share:
    worth = acceptable * effective / judged if judged else 0.0
    return Share(
        acceptable=acceptable,
        judged=judged,
        patients=patients,
        effective=effective,
        exact=measure_exact_interval(worth, effective, confidence),
        wilson=measure_wilson_interval(worth, effective, confidence),
    )
