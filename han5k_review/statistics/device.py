"""A device among experts, without a reference: is it as near to them as they are to each other?

Each expert is left out in turn: the device's distance to the remaining experts is compared with
the distance of the one left out to the same remaining experts (the idea of T. Hu and others, J
Med Imaging 2025;12:055003). The distance is any dissimilarity of two contours (1 - Dice, HD95) or
of two grades. Patients and experts are resampled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.statistics.bootstrap import Draws, Resamples, measure_crossed
from han5k_review.statistics.estimates import Estimate, undefined


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAmongExperts:
    """Mean distances, and their difference: above 0 the device is farther off than the experts.

    `inside`: the upper limit of the difference is at most the margin, so the device is inside the
    experts' spread; None where there is no interval.
    """

    to_device: float | None
    between_experts: float | None
    difference: Estimate
    margin: float
    inside: bool | None


def compare_device(
    to_device: NDArray[np.float64],
    between: NDArray[np.float64],
    resamples: Resamples,
    *,
    margin: float,
) -> DeviceAmongExperts:
    """Distances device-expert (patients, experts) and expert-expert (patients, experts, experts).

    nan where a contour is missing; the second is symmetric, its diagonal is not read. The margin,
    in the unit of the distance, is chosen before the study. DataError for other shapes.
    """
    patients, experts = to_device.shape
    if between.shape != (patients, experts, experts):
        raise DataError(
            f"Distances between experts of shape {(patients, experts, experts)} were expected, "
            f"found {between.shape}."
        )
    if experts < 2:
        nothing = undefined("One expert alone has no spread to be inside of.")
        return DeviceAmongExperts(
            to_device=None, between_experts=None, difference=nothing, margin=margin, inside=None
        )
    known = _known(to_device, between)

    def means(drawn_patients: Draws, drawn_experts: Draws) -> tuple[Draws, Draws]:
        return _means(to_device, between, known, drawn_patients, drawn_experts)

    def statistic(drawn_patients: Draws, drawn_experts: Draws) -> NDArray[np.float64]:
        device, expert = means(drawn_patients, drawn_experts)
        return (device - expert)[None]

    device, expert = means(np.ones((1, patients)), np.ones((1, experts)))
    (difference,) = measure_crossed(statistic, resamples)
    interval = difference.interval
    return DeviceAmongExperts(
        to_device=None if math.isnan(device[0]) else float(device[0]),
        between_experts=None if math.isnan(expert[0]) else float(expert[0]),
        difference=difference,
        margin=margin,
        inside=None if interval is None else interval.high <= margin,
    )


def _known(to_device: NDArray[np.float64], between: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Triples (patient, left out, remaining) with both distances to the remaining expert."""
    known = np.isfinite(to_device)[:, None, :] & np.isfinite(to_device)[:, :, None]
    known = known & np.isfinite(between)
    diagonal = np.arange(to_device.shape[1])
    known[:, diagonal, diagonal] = False
    return known


def _means(
    to_device: NDArray[np.float64],
    between: NDArray[np.float64],
    known: NDArray[np.bool_],
    patients: Draws,
    experts: Draws,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean distance to the remaining experts (B,): of the device, and of those left out."""
    remaining = np.where(known, np.nan_to_num(to_device)[:, None, :], 0.0)
    others = np.where(known, np.nan_to_num(between), 0.0)

    def total(values: NDArray[np.float64]) -> NDArray[np.float64]:
        per_pair = np.tensordot(patients, values, axes=1)  # (B, experts, experts)
        return np.asarray((per_pair * experts[:, :, None] * experts[:, None, :]).sum(axis=(1, 2)))

    counted = total(known.astype(np.float64))
    divisor = np.where(counted > 0, counted, math.nan)
    return total(remaining) / divisor, total(others) / divisor
