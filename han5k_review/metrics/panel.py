"""The panel: every reported number of one pair, and the one policy for empty masks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any

from han5k_review.metrics.definition import Definition
from han5k_review.metrics.facts import SurfaceFacts, VoxelFacts

Spacing = tuple[float, float, float]

_MM3_PER_CC = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """All numbers of one (reference, prediction) pair under one definition.

    Formulas and sources stand in docs/correctness.md. `nan` is undefined (both masks empty), `inf`
    a distance or a ratio to an empty mask; neither may enter a mean. Differences are prediction
    minus reference; `vrd` is a fraction; `added path length` belongs to the reference's contour.
    """

    dice: float
    jaccard: float
    volume_reference_cc: float
    volume_prediction_cc: float
    volume_difference_cc: float
    volume_difference_percent: float
    hd_mm: float
    hd95_mm: float
    masd_mm: float
    assd_mm: float
    median_surface_distance_mm: float
    surface_dice: float
    apl_mm: float
    vrd: float
    centroid_distance_mm: float
    false_positive_cc: float
    false_negative_cc: float
    components_reference: int
    components_prediction: int
    tolerance_mm: float
    definition: Definition
    definition_version: str

    def __reduce__(self) -> tuple[Callable[..., Panel], tuple[object, ...]]:
        """Pickle by position: a cohort sends 164,000 panels between processes."""
        return _panel_of, _read_values(self)


_NAMES = tuple(field.name for field in fields(Panel))
_read_values = attrgetter(*_NAMES)


def _panel_of(*values: Any) -> Panel:
    return Panel(**dict(zip(_NAMES, values, strict=True)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyValues:
    """What each measure is when the reference, the prediction or both have no voxel."""

    overlap: float
    distance_mm: float
    volume_difference_percent: float
    vrd: float


def settle_empty(reference_voxels: int, prediction_voxels: int) -> EmptyValues | None:
    """Return the values of measures that an empty mask leaves without an answer, None if none is.

    Both empty: undefined (nan) throughout. One empty: overlaps (Dice, Jaccard, surface Dice) are 0
    and distances infinite; the percentage and the VRD follow their formula, infinite where they
    would divide by zero. Volumes, voxel counts and components are always what they are.
    """
    if reference_voxels and prediction_voxels:
        return None
    if not reference_voxels and not prediction_voxels:
        return EmptyValues(
            overlap=math.nan,
            distance_mm=math.nan,
            volume_difference_percent=math.nan,
            vrd=math.nan,
        )
    return EmptyValues(
        overlap=0.0,
        distance_mm=math.inf,
        volume_difference_percent=-100.0 if reference_voxels else math.inf,
        vrd=1.0 if prediction_voxels else math.inf,
    )


def build_panel(
    voxels: VoxelFacts,
    surfaces: SurfaceFacts | None,
    spacing_mm: Spacing,
    *,
    axial_axis: int,
    tolerance_mm: float,
    definition: Definition,
) -> Panel:
    """Turn what an engine found into a panel; `surfaces` is None when a mask is empty."""
    reference, prediction = voxels.reference_voxels, voxels.prediction_voxels
    common = voxels.common_voxels
    voxel_cc = spacing_mm[0] * spacing_mm[1] * spacing_mm[2] / _MM3_PER_CC
    empty = settle_empty(reference, prediction)
    distances = surfaces or _without_surfaces(empty)
    pixel_mm = _pixel_size_mm(spacing_mm, axial_axis)
    undefined = empty is not None and math.isnan(empty.overlap)
    return Panel(
        dice=empty.overlap if empty else 2.0 * common / (reference + prediction),
        jaccard=empty.overlap if empty else common / (reference + prediction - common),
        volume_reference_cc=reference * voxel_cc,
        volume_prediction_cc=prediction * voxel_cc,
        volume_difference_cc=(prediction - reference) * voxel_cc,
        volume_difference_percent=(
            empty.volume_difference_percent
            if empty
            else 100.0 * (prediction - reference) / reference
        ),
        hd_mm=distances.hd_mm,
        hd95_mm=distances.hd95_mm,
        masd_mm=distances.masd_mm,
        assd_mm=distances.assd_mm,
        median_surface_distance_mm=distances.median_mm,
        surface_dice=distances.surface_dice,
        apl_mm=math.nan if undefined else voxels.added_path_pixels * pixel_mm,
        vrd=empty.vrd if empty else (reference + prediction - 2 * common) / prediction,
        centroid_distance_mm=(
            empty.distance_mm if empty else _centroid_distance_mm(voxels, spacing_mm)
        ),
        false_positive_cc=(prediction - common) * voxel_cc,
        false_negative_cc=(reference - common) * voxel_cc,
        components_reference=voxels.reference_components,
        components_prediction=voxels.prediction_components,
        tolerance_mm=tolerance_mm,
        definition=definition,
        definition_version=definition.version,
    )


def _without_surfaces(empty: EmptyValues | None) -> SurfaceFacts:
    """Distances where a surface is missing."""
    if empty is None:
        raise ValueError("surface facts are needed when both masks have voxels")
    far = empty.distance_mm
    return SurfaceFacts(
        hd_mm=far,
        hd95_mm=far,
        masd_mm=far,
        assd_mm=far,
        median_mm=far,
        surface_dice=empty.overlap,
    )


def _pixel_size_mm(spacing_mm: Spacing, axial_axis: int) -> float:
    """Edge of an axial pixel; the mean of both edges where they differ."""
    in_plane = [spacing_mm[axis] for axis in range(3) if axis != axial_axis]
    return sum(in_plane) / 2.0


def _centroid_distance_mm(voxels: VoxelFacts, spacing_mm: Spacing) -> float:
    """Distance between the two centres of mass; both masks have voxels."""
    one, other = voxels.reference_centroid, voxels.prediction_centroid
    if one is None or other is None:
        raise ValueError("a mask with voxels has a centroid")
    return math.sqrt(
        sum(((a - b) * mm) ** 2 for a, b, mm in zip(one, other, spacing_mm, strict=True))
    )
