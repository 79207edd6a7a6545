"""Overlap, surface distances and the panel of all reported numbers. Pure: no files, no clock.

In use:

    panel = measure(reference, prediction, (1.0, 1.0, 2.5))  # boolean arrays, mm per axis
    panel.dice, panel.hd95_mm  # nan where a number is not defined, see docs/correctness.md
"""

from han5k_review.metrics.definition import DEFINITION_VERSIONS, Definition, Engine
from han5k_review.metrics.measure import DEFAULT_TOLERANCE_MM, measure, measure_pair
from han5k_review.metrics.mesh import check_installed
from han5k_review.metrics.pair_box import CroppedMask
from han5k_review.metrics.panel import Panel

__all__ = [
    "DEFAULT_TOLERANCE_MM",
    "DEFINITION_VERSIONS",
    "CroppedMask",
    "Definition",
    "Engine",
    "Panel",
    "check_installed",
    "measure",
    "measure_pair",
]
