"""The columns of a measured pair, shared by every sheet that shows metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from han5k_review.exports.columns import Column, Kind, column
from han5k_review.metrics import Panel

R = TypeVar("R")

_SOURCE = "measured: docs/correctness.md"
_NUMBER, _INTEGER, _TEXT = Kind.NUMBER, Kind.INTEGER, Kind.TEXT

# Field of the panel, title, kind, unit, description.
PANEL: tuple[tuple[str, str, Kind, str, str], ...] = (
    ("dice", "Dice", _NUMBER, "", "Dice coefficient, 0 to 1; empty when both masks are empty."),
    ("jaccard", "Jaccard", _NUMBER, "", "Intersection over union, 0 to 1."),
    ("surface_dice", "Surface Dice", _NUMBER, "", "Share of both surfaces within the tolerance."),
    ("hd95_mm", "HD95", _NUMBER, "mm", "95th percentile Hausdorff distance of the definition."),
    ("hd_mm", "HD", _NUMBER, "mm", "Largest surface distance (Hausdorff distance)."),
    ("masd_mm", "MASD", _NUMBER, "mm", "Mean of the two directed mean surface distances."),
    ("assd_mm", "ASSD", _NUMBER, "mm", "Mean surface distance, both surfaces pooled."),
    (
        "median_surface_distance_mm",
        "Median surface distance",
        _NUMBER,
        "mm",
        "Median surface distance, both surfaces pooled.",
    ),
    (
        "centroid_distance_mm",
        "Centroid distance",
        _NUMBER,
        "mm",
        "Distance between the centres of mass.",
    ),
    ("volume_reference_cc", "Volume of reference", _NUMBER, "cc", "Volume of the reference."),
    ("volume_prediction_cc", "Volume of contour", _NUMBER, "cc", "Volume of the contour."),
    (
        "volume_difference_cc",
        "Volume difference",
        _NUMBER,
        "cc",
        "Volume of the contour minus volume of the reference.",
    ),
    (
        "volume_difference_percent",
        "Volume difference",
        _NUMBER,
        "%",
        "Volume difference in percent of the reference.",
    ),
    ("false_positive_cc", "False positive", _NUMBER, "cc", "Contour outside the reference."),
    ("false_negative_cc", "False negative", _NUMBER, "cc", "Reference outside the contour."),
    ("apl_mm", "Added path length", _NUMBER, "mm", "Reference contour that would be drawn anew."),
    ("vrd", "VRD", _NUMBER, "", "|contour xor reference| / |contour|, a fraction."),
    (
        "components_reference",
        "Components of reference",
        _INTEGER,
        "",
        "Separate pieces of the reference.",
    ),
    (
        "components_prediction",
        "Components of contour",
        _INTEGER,
        "",
        "Separate pieces of the contour.",
    ),
    ("tolerance_mm", "Tolerance", _NUMBER, "mm", "Tolerance of surface Dice, by structure."),
    ("definition", "Definition", _TEXT, "", "Definition of surface and percentile."),
    ("definition_version", "Definition version", _TEXT, "", "Version of the definition."),
)


def build_panel_columns(read: Callable[[R], Panel | None]) -> tuple[Column[R], ...]:
    """The panel's columns and `empty_mask`, for rows from which `read` takes a panel."""
    numbers: tuple[Column[R], ...] = tuple(
        column(name, title, kind, _SOURCE, description, _reader(read, name), unit)
        for name, title, kind, unit, description in PANEL
    )
    empty: Column[R] = column(
        "empty_mask",
        "Empty mask",
        _TEXT,
        _SOURCE,
        "`reference`, `contour` or `both` when that mask has no voxel. Distances to an empty mask "
        "are infinite, values of two empty masks undefined: both are left empty.",
        lambda row: _empty_mask(read(row)),
    )
    return (*numbers, empty)


def _reader(read: Callable[[R], Panel | None], name: str) -> Callable[[R], object]:
    def read_field(row: R) -> object:
        panel = read(row)
        return None if panel is None else getattr(panel, name)

    return read_field


def _empty_mask(panel: Panel | None) -> str | None:
    if panel is None:
        return None
    no_reference = panel.volume_reference_cc == 0
    no_prediction = panel.volume_prediction_cc == 0
    if no_reference and no_prediction:
        return "both"
    if no_reference:
        return "reference"
    return "contour" if no_prediction else None
