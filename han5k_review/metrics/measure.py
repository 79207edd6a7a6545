"""Measure one pair of masks: all numbers of the panel from one pass."""

from __future__ import annotations

from collections.abc import Sequence

from han5k_review.metrics import fast, oracle
from han5k_review.metrics.definition import Definition, Engine
from han5k_review.metrics.inputs import (
    BoolArray,
    Spacing,
    check_axial_axis,
    check_mask,
    check_same_shape,
    check_spacing,
    check_tolerance,
)
from han5k_review.metrics.pair_box import CroppedMask, PlacedPair, crop_pair, place_pair
from han5k_review.metrics.panel import Panel, build_panel

DEFAULT_TOLERANCE_MM = 1.0


def measure(
    reference: BoolArray,
    prediction: BoolArray,
    spacing_mm: Sequence[float],
    *,
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
    definition: Definition = Definition.SURFEL,
    engine: Engine = Engine.FAST,
    axial_axis: int = 2,
) -> Panel:
    """Measure `prediction` against `reference`: boolean arrays of one shape, in any axis order.

    `spacing_mm` follows the arrays' axes; `axial_axis` is the one that runs along the body (only
    the added path length depends on it). Space outside the arrays counts as background. Raises
    GeometryError for different shapes or a bad spacing, DataError for arrays that are not boolean
    with three axes and for a tolerance that is not above 0, ConfigError for the definition MESH
    where its library is not installed.
    """
    spacing = check_spacing(spacing_mm)
    tolerance = check_tolerance(tolerance_mm)
    axis = check_axial_axis(axial_axis)
    check_mask(reference, "reference")
    check_mask(prediction, "prediction")
    check_same_shape(reference, prediction)
    pair = crop_pair(reference, prediction)
    return _measure_placed(pair, spacing, tolerance, definition, engine, axis)


def measure_pair(
    reference: CroppedMask,
    prediction: CroppedMask,
    spacing_mm: Sequence[float],
    *,
    tolerance_mm: float = DEFAULT_TOLERANCE_MM,
    definition: Definition = Definition.SURFEL,
    engine: Engine = Engine.FAST,
) -> Panel:
    """Measure two cropped masks of one grid; `spacing_mm` follows (i, j, k), k is axial.

    The caller makes sure that both lie in one grid. Errors as in `measure`.
    """
    spacing = check_spacing(spacing_mm)
    tolerance = check_tolerance(tolerance_mm)
    check_mask(reference.voxels, "reference")
    check_mask(prediction.voxels, "prediction")
    pair = place_pair(reference, prediction)
    return _measure_placed(pair, spacing, tolerance, definition, engine, 2)


def _measure_placed(
    pair: PlacedPair,
    spacing_mm: Spacing,
    tolerance_mm: float,
    definition: Definition,
    engine: Engine,
    axial_axis: int,
) -> Panel:
    find_facts = fast.find_facts if engine is Engine.FAST else oracle.find_facts
    voxels, surfaces = find_facts(
        pair,
        spacing_mm,
        axial_axis=axial_axis,
        tolerance_mm=tolerance_mm,
        definition=definition,
    )
    return build_panel(
        voxels,
        surfaces,
        spacing_mm,
        axial_axis=axial_axis,
        tolerance_mm=tolerance_mm,
        definition=definition,
    )
