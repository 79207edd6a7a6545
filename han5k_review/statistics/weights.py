"""Weights: how much two levels agree, 1 for equal ones."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Weighting(StrEnum):
    """How agreement falls with the distance of two levels."""

    IDENTITY = "identity"
    WITHIN_ONE = "within one"
    LINEAR = "linear"
    QUADRATIC = "quadratic"


def build_weights(weighting: Weighting, level_count: int) -> NDArray[np.float64]:
    """Weights (levels, levels), no unit, from 0 to 1; level_count is at least 2.

    Quadratic: 1 - (i - j)^2 / (levels - 1)^2. Source: J. Cohen, Psychol Bull 1968;70:213.
    """
    levels = np.arange(level_count)
    apart = np.abs(levels[:, None] - levels[None, :])
    match weighting:
        case Weighting.IDENTITY:
            return np.asarray(apart == 0, dtype=np.float64)
        case Weighting.WITHIN_ONE:
            return np.asarray(apart <= 1, dtype=np.float64)
        case Weighting.LINEAR:
            return np.asarray(1 - apart / (level_count - 1))
        case Weighting.QUADRATIC:
            return np.asarray(1 - (apart / (level_count - 1)) ** 2)
