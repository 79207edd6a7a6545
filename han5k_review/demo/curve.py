"""Smooth curves through a few knots: what gives the synthetic anatomy its outlines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A smooth function of z as a fine table: `values[index(z)]`, constant beyond its ends."""

    start_mm: float
    values: Float
    step_mm: float = 0.25

    @classmethod
    def through(cls, z_mm: NDArray[np.float64], values: NDArray[np.float64]) -> Profile:
        """The monotone curve through the knots (n,): `values` in any unit at ascending `z_mm`."""
        fine = np.arange(z_mm[0], z_mm[-1] + 0.25, 0.25)
        curve = _monotone(fine, z_mm, values)
        return cls(start_mm=float(z_mm[0]), values=curve.astype(np.float32))

    def index(self, z: Float) -> NDArray[np.intp]:
        """Index into the table of each `z` in mm; any shape, kept."""
        place = (z - np.float32(self.start_mm)) * np.float32(1.0 / self.step_mm)
        return np.asarray(np.clip(place, 0, self.values.size - 1), dtype=np.intp)


def build_curve(at: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Catmull-Rom through equally spaced knots `values` (knots,), read at `at` (n,).

    `at` in indices of knots; the result in the unit of the values.
    """
    padded = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    n = np.minimum(at.astype(int), len(values) - 2)
    t = at - n
    p0, p1, p2, p3 = padded[n], padded[n + 1], padded[n + 2], padded[n + 3]
    bend = 2 * p0 - 5 * p1 + 4 * p2 - p3
    return np.asarray(
        0.5 * (2 * p1 + (p2 - p0) * t + bend * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    )


def _monotone(
    at: NDArray[np.float64], z: NDArray[np.float64], v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Cubic Hermite with the slopes of Fritsch and Carlson (1980): no overshoot between knots."""
    step, rise = np.diff(z), np.diff(v) / np.diff(z)
    slope = np.zeros_like(v)
    slope[0], slope[-1] = rise[0], rise[-1]
    same = rise[:-1] * rise[1:] > 0
    inner = np.zeros(len(v) - 2)
    inner[same] = 2 * rise[:-1][same] * rise[1:][same] / (rise[:-1] + rise[1:])[same]
    slope[1:-1] = inner
    n = np.clip(np.searchsorted(z, at, side="right") - 1, 0, len(step) - 1)
    t = np.clip((at - z[n]) / step[n], 0, 1)
    t2, t3 = t * t, t * t * t
    return np.asarray(
        v[n] * (2 * t3 - 3 * t2 + 1)
        + v[n + 1] * (3 * t2 - 2 * t3)
        + step[n] * (slope[n] * (t3 - 2 * t2 + t) + slope[n + 1] * (t3 - t2))
    )
