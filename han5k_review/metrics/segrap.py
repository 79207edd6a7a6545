"""SegRap2023's own scoring, as a named preset: for tables that are compared with the challenge.

Source: HiLab-git/SegRap2023, Eval/SegRap_Task001_DSC_NSD_Eval.py. Dice and surface Dice are those
of the default definition; only tolerances and the answer for empty masks differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from han5k_review.errors import DataError
from han5k_review.metrics.definition import Definition
from han5k_review.metrics.panel import Panel

PRESET_NAME = "segrap"
DEFAULT_TOLERANCE_MM = 1.0
TOLERANCES_MM: Mapping[str, float] = MappingProxyType({"Larynx": 2.0, "OralCavity": 3.0})

_DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SegrapScore:
    """The two numbers SegRap2023 ranks by, from 0 to 1, rounded to four decimals."""

    dice: float
    surface_dice: float
    tolerance_mm: float
    preset: str = PRESET_NAME


def tolerance_mm(structure: str) -> float:
    """SegRap's surface-Dice tolerance of a structure (its own or HaN5K's name)."""
    return TOLERANCES_MM.get(structure, DEFAULT_TOLERANCE_MM)


def score(panel: Panel) -> SegrapScore:
    """Read SegRap's score from a panel measured at SegRap's tolerance under SURFEL.

    Both masks empty count as perfect (1), a reference without a voxel as 0, as in its evaluator;
    a prediction without a voxel has nothing in common with the reference: 0. DataError for a panel
    of another definition.
    """
    if panel.definition is not Definition.SURFEL:
        raise DataError(
            f"A panel under the surfel definition was expected, found {panel.definition}: measure "
            "again with the default definition to compare with SegRap."
        )
    if panel.volume_reference_cc == 0 and panel.volume_prediction_cc == 0:
        return SegrapScore(dice=1.0, surface_dice=1.0, tolerance_mm=panel.tolerance_mm)
    return SegrapScore(
        dice=round(panel.dice, _DECIMALS),
        surface_dice=round(panel.surface_dice, _DECIMALS),
        tolerance_mm=panel.tolerance_mm,
    )
