"""Changes: the mean over patients with its t interval, and how sure a fall is. Pure.

Patients are the units: the cases of one are averaged first. Student's interval covers what it says
down to five patients, where a percentile bootstrap covers 84 to 86 % instead of 95
(`benchmarks/gate.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import stdtr, stdtrit

from han5k_review.retraining.teaching.paired_scores import PairedScore

_ROUNDING = 1e-9
"""0.8 - 0.7 is a little less than 0.1."""
_MOST_PATIENTS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """Where the gate stands; starting values of the design, to be changed by a study.

    `margin`, `surface_margin` and `hd95_margin_mm` are falls that do not matter. `error_rate` is
    the chance that any structure is called worse though none is: nine tenths of it go to Dice, a
    twentieth each to surface Dice and HD95. From `min_patients` on numbers decide; below
    `few_patients` half of the error rate is spent, because so few do not tell whether changes are
    symmetric, as Student's test takes them. A mean fall of `dice_fall` counts with any number.
    HD95 beyond `farthest_mm`, or infinite, counts as that.
    """

    min_patients: int = 5
    few_patients: int = 10
    margin: float = 0.01
    surface_margin: float = 0.02
    hd95_margin_mm: float = 1.0
    dice_fall: float = 0.1
    error_rate: float = 0.05
    confidence: float = 0.95
    farthest_mm: float = 100.0

    def choose_error_rate(self, patients: int) -> float:
        """The error rate that a comparison of so many patients is held to."""
        return self.error_rate / 2 if patients < self.few_patients else self.error_rate


class Measure(StrEnum):
    """What is compared."""

    DICE = "Dice"
    SURFACE = "surface Dice"
    HD95 = "HD95"

    @property
    def share(self) -> float:
        """Its part of the gate's error rate."""
        return 0.9 if self is Measure.DICE else 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean over `patients` with its interval; of one patient it reaches to infinity.

    `error` is the standard error of the mean.
    """

    mean: float
    low: float
    high: float
    patients: int = 0
    error: float = 0.0

    @property
    def is_known(self) -> bool:
        """False for one patient, who does not tell how much patients vary."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def measure_mean(
    values: Sequence[tuple[str, float | None]],
    confidence: float = GateSettings().confidence,
    weights: Sequence[float] | None = None,
) -> Interval | None:
    """Mean of patient means with Student's t interval; None without a value.

    `values` are (patient, value); undefined and infinite ones are left out. With `weights` (of the
    sampling, one a value) it is the weighted mean of patients (Hajek), its variance linearised:
    n / (n - 1) x sum of (w (value - mean))^2 / (sum of w)^2, which is s^2 / n for equal weights.
    """
    found: dict[str, list[tuple[float, float]]] = {}
    for (patient, value), weight in zip(values, weights or [1.0] * len(values), strict=True):
        if value is not None and math.isfinite(value) and weight > 0:
            found.setdefault(patient, []).append((value, weight))
    if not found:
        return None
    means, weighed = (
        np.array([np.mean([one[place] for one in own]) for own in found.values()])
        for place in (0, 1)
    )
    total, number = float(weighed.sum()), len(means)
    mean = float((weighed * means).sum() / total)
    if number == 1:
        return Interval(mean=mean, low=-math.inf, high=math.inf, patients=1, error=math.inf)
    square = float(((weighed * (means - mean)) ** 2).sum())
    error = math.sqrt(number / (number - 1) * square) / total
    half = float(stdtrit(number - 1, (1 + confidence) / 2)) * error
    return Interval(mean=mean, low=mean - half, high=mean + half, patients=number, error=error)


def measure_changes(
    paired: Sequence[PairedScore], settings: GateSettings
) -> dict[Measure, Interval]:
    """After minus before of each measure that was measured."""
    weights = [s.weight for s in paired]
    values: dict[Measure, list[float | None]] = {
        Measure.DICE: [s.dice_difference for s in paired],
        Measure.SURFACE: [s.surface_dice_difference for s in paired],
        Measure.HD95: [s.measure_capped_rise_mm(settings.farthest_mm) for s in paired],
    }
    found = {
        measure: measure_mean(
            [(s.patient, v) for s, v in zip(paired, own, strict=True)],
            settings.confidence,
            weights,
        )
        for measure, own in values.items()
    }
    return {measure: change for measure, change in found.items() if change is not None}


def as_gain(measure: Measure, change: Interval) -> Interval:
    """The change so that more is better: HD95 turned round."""
    if measure is not Measure.HD95:
        return change
    return Interval(
        mean=-change.mean,
        low=-change.high,
        high=-change.low,
        patients=change.patients,
        error=change.error,
    )


def get_margin(measure: Measure, settings: GateSettings) -> float:
    """The fall that does not matter, in the unit of the measure."""
    return {
        Measure.DICE: settings.margin,
        Measure.SURFACE: settings.surface_margin,
        Measure.HD95: settings.hd95_margin_mm,
    }[measure]


def measure_fall_chance(gain: Interval) -> float:
    """One-sided p of "it is not lower": Student's t test; 1 where one patient tells nothing."""
    if gain.patients < 2:
        return 1.0
    if gain.error <= _ROUNDING * max(abs(gain.mean), 1.0):
        return 0.0 if gain.mean < -_ROUNDING else 1.0
    return float(stdtr(gain.patients - 1, gain.mean / gain.error))


def is_within(gain: Interval, margin: float) -> bool:
    """True where even the lower limit is a fall that does not matter."""
    return gain.low >= -margin - _ROUNDING


def falls_more(gain: Interval, margin: float) -> bool:
    """True where the mean falls by more than the margin."""
    return gain.mean < -margin - _ROUNDING


def falls_by(gain: Interval, fall: float) -> bool:
    """True where the mean falls by so much or more."""
    return gain.mean <= -fall + _ROUNDING


def count_more_patients(
    gain: Interval, margin: float, error_rate: float, confidence: float
) -> int | None:
    """How many more patients would decide if they changed and varied as those measured.

    None where the spread is not known or 2,000 patients would not do. `error_rate` is that of the
    first step of Holm: the share of the measure over the number of comparisons.
    """
    if not gain.is_known:
        return None
    numbers = np.arange(gain.patients + 1, _MOST_PATIENTS + 1)
    errors = gain.error * math.sqrt(gain.patients) / np.sqrt(numbers)
    within = gain.mean - stdtrit(numbers - 1, (1 + confidence) / 2) * errors >= -margin
    below = gain.mean + stdtrit(numbers - 1, 1 - error_rate) * errors < 0
    decided = within | (below & (gain.mean < -margin))
    return int(np.argmax(decided)) + 1 if decided.any() else None
