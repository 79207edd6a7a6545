"""Models with crossed random effects of readers and patients, fitted by statsmodels (REML).

For hundreds of reads: `MixedLM` with crossed variance components works on dense matrices. Larger
studies use `components` and `bootstrap`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri
from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

from han5k_review.errors import DataError
from han5k_review.statistics.estimates import CONFIDENCE, Estimate, Interval

MOST_READS = 1500
_FEWEST_READS = 8
_ALL_ONE = {
    "arm": "All reads are of one arm.",
    "order": "All reads have one place in the order.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedRead:
    """One read: what was measured (a level, a logarithm of seconds), by whom, in whom, and where.

    `arm` is what is compared (0 for the usual way, 1 for the new one), `order` the place of the
    read in the reader's list, from 1.
    """

    patient: str
    reader: str
    value: float
    arm: int
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedModel:
    """Effect of the arm with reader, patient and order in the model, and the variances.

    With one arm only the effect is undefined, the rest stands.
    `order` is the change per tenfold place in the list: readers get faster, or tired.
    """

    reads: int
    effect: Estimate
    order: Estimate
    patient_variance: float
    reader_variance: float
    rest_variance: float
    converged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedRead:
    """Active seconds of one read; `assisted` when it began from the AI's contour."""

    patient: str
    reader: str
    seconds: float
    assisted: bool
    order: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSaved:
    """What assistance saves, with reader, patient and order in the model.

    `ratio`: assisted over unassisted time (0.6: four tenths saved). `seconds_saved` applies it to
    the geometric mean of the unassisted reads.
    """

    ratio: Estimate
    seconds_saved: Estimate
    model: CrossedModel


def fit_crossed(reads: Sequence[CrossedRead], confidence: float = CONFIDENCE) -> CrossedModel:
    """Fit value = mean + arm + log10(order) + reader + patient + rest, the last three random.

    DataError for fewer than two readers or patients, for equal values, for too few reads, and for
    more than 1,500 (draw patients at random, or use `bootstrap`).
    """
    frame = _frame(reads)
    design = pd.DataFrame({"mean": 1.0, "arm": frame["arm"], "order": np.log10(frame["order"])})
    same = [name for name in ("arm", "order") if design[name].nunique() < 2]
    design = design.drop(columns=same)
    model = MixedLM(
        frame["value"],
        design,
        groups=np.zeros(len(frame)),
        exog_re=None,
        exog_vc=_components(frame),
    )
    with warnings.catch_warnings(record=True):
        # statsmodels warns where a variance is 0, which is an answer; convergence is reported.
        warnings.simplefilter("always")
        fitted = model.fit(reml=True)
    patient, reader = (float(part) for part in fitted.vcomp)
    z = float(ndtri((1 + confidence) / 2))
    return CrossedModel(
        reads=len(frame),
        effect=_effect(fitted.fe_params, fitted.bse_fe, "arm", z, confidence),
        order=_effect(fitted.fe_params, fitted.bse_fe, "order", z, confidence),
        patient_variance=patient,
        reader_variance=reader,
        rest_variance=float(fitted.scale),
        converged=bool(fitted.converged),
    )


def measure_time_saved(reads: Sequence[TimedRead]) -> TimeSaved:
    """Time saved by assistance, on the logarithm of active seconds.

    DataError for a time of 0 s and for one arm only; other errors as in `fit_crossed`.
    """
    if any(read.seconds <= 0 for read in reads):
        raise DataError("Active times above 0 s were expected; leave out reads without one.")
    if len({read.assisted for read in reads}) < 2:
        raise DataError(
            "At least two arms were expected to tell the time saved, found one; bring reads with "
            "assistance and reads without."
        )
    model = fit_crossed(
        [
            CrossedRead(
                patient=read.patient,
                reader=read.reader,
                value=math.log(read.seconds),
                arm=int(read.assisted),
                order=read.order,
            )
            for read in reads
        ]
    )
    usual = math.exp(np.mean([math.log(read.seconds) for read in reads if not read.assisted]))
    return TimeSaved(
        ratio=_through(model.effect, math.exp),
        seconds_saved=_through(model.effect, lambda effect: usual * (1 - math.exp(effect))),
        model=model,
    )


def _frame(reads: Sequence[CrossedRead]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [(read.patient, read.reader, read.value, read.arm, read.order) for read in reads],
        columns=["patient", "reader", "value", "arm", "order"],
    )
    for name in ("patient", "reader"):
        if frame[name].nunique() < 2:
            raise DataError(
                f"At least two {name}s were expected for a model with {name} in it, found "
                f"{frame[name].nunique()}."
            )
    if frame["value"].nunique() < 2:
        raise DataError("Values that differ were expected for the mixed model, all are equal.")
    if not _FEWEST_READS <= len(frame) <= MOST_READS:
        raise DataError(
            f"{_FEWEST_READS} to {MOST_READS} reads were expected for the mixed model, found "
            f"{len(frame)}. Of a larger study, draw patients at random, or use the bootstrap."
        )
    return frame


def _components(frame: pd.DataFrame) -> object:
    """Crossed components: all reads are one group, each factor has its own indicator columns."""
    names = ["patient", "reader"]
    columns = [pd.get_dummies(frame[name], dtype=float) for name in names]
    return VCSpec(names, [[list(c.columns)] for c in columns], [[c.to_numpy()] for c in columns])


def _effect(
    values: pd.Series[float], errors: pd.Series[float], name: str, z: float, confidence: float
) -> Estimate:
    if name not in values.index:
        return Estimate(value=None, reason=_ALL_ONE[name])
    value, error = float(values[name]), float(errors[name])
    if not math.isfinite(error):
        return Estimate(value=value, reason="The model gives no standard error.")
    interval = Interval(low=value - z * error, high=value + z * error, confidence=confidence)
    return Estimate(value=value, interval=interval)


def _through(effect: Estimate, change: Callable[[float], float]) -> Estimate:
    if effect.value is None:
        return effect
    interval = None
    if effect.interval is not None:
        ends = sorted((change(effect.interval.low), change(effect.interval.high)))
        interval = Interval(low=ends[0], high=ends[1], confidence=effect.interval.confidence)
    return Estimate(value=change(effect.value), interval=interval, reason=effect.reason)
