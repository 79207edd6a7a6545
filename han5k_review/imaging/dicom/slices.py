"""Slices: where the images of a series lie, and whether they make one regular grid.

Everything is decided along the normal of ImageOrientationPatient (DICOM PS3.3 C.7.6.2.1.1), never
by file name or InstanceNumber. What is irregular is refused with the slice and the distance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.dicom.datasets import find_number, find_numbers, find_whole
from han5k_review.imaging.dicom.folders import DicomFile
from han5k_review.imaging.geometry_rule import (
    SHEAR_LIMIT_DEG,
    build_image_grid,
    check_unit_lengths,
)
from han5k_review.imaging.grid import RAS_TO_LPS, Grid

UNEVEN_SHARE = 0.01
UNEVEN_MM = 0.01
_SAME_COSINES = 1e-4
_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlicePlace:
    """One image: its file, first voxel (LPS, mm), axes (3 x 2, unit columns) and pixel size."""

    file: DicomFile
    position_lps_mm: NDArray[np.float64]
    axes_lps: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    size: tuple[int, int]

    @property
    def normal(self) -> NDArray[np.float64]:
        """The vector (3,) of length 1, no unit, across the image as its axes turn; LPS."""
        return np.cross(self.axes_lps[:, 0], self.axes_lps[:, 1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SliceStack:
    """Slices in order along their normal, and the grid of axes (column, row, slice)."""

    slices: tuple[SlicePlace, ...]
    grid: Grid
    notices: tuple[str, ...]


def build_stack(files: Sequence[DicomFile], path: Path) -> SliceStack:
    """Order the images of one series and build their grid; GeometryError for an irregular one."""
    places = [_place(file, number, path) for number, file in enumerate(files, start=1)]
    first = places[0]
    for number, place in enumerate(places, start=1):
        _check_alike(place, first, number, path)
    along = np.array([float(place.position_lps_mm @ first.normal) for place in places])
    order = np.argsort(along, kind="stable")
    slices = tuple(places[n] for n in order)
    step, notices = _measure_step(slices, along[order], path)
    matrix = np.eye(4)
    matrix[:3, 0] = first.axes_lps[:, 0] * first.spacing_mm[0]
    matrix[:3, 1] = first.axes_lps[:, 1] * first.spacing_mm[1]
    matrix[:3, 2] = step
    matrix[:3, 3] = slices[0].position_lps_mm
    shape = (*first.size, len(slices))
    grid = build_image_grid(shape, RAS_TO_LPS @ matrix, path)
    return SliceStack(slices=slices, grid=grid, notices=notices)


def _place(file: DicomFile, number: int, path: Path) -> SlicePlace:
    def numbers(name: str, count: int) -> NDArray[np.float64]:
        found = find_numbers(file.header, name, count)
        if found is None or not np.isfinite(found).all():
            raise GeometryError(
                f"{path}: {count} finite numbers as {name} were expected in every image, found "
                f"others in {_instance(file)} (file {number} of the series); export it again."
            )
        return found

    position = numbers("ImagePositionPatient", 3)
    cosines = numbers("ImageOrientationPatient", 6)
    spacing = numbers("PixelSpacing", 2)
    rows, columns = numbers("Rows", 1)[0], numbers("Columns", 1)[0]
    axes = cosines.reshape(2, 3).T
    check_unit_lengths(axes, path)
    return SlicePlace(
        file=file,
        position_lps_mm=position,
        axes_lps=axes / np.linalg.norm(axes, axis=0),
        spacing_mm=(float(spacing[1]), float(spacing[0])),
        size=(int(columns), int(rows)),
    )


def _check_alike(place: SlicePlace, first: SlicePlace, number: int, path: Path) -> None:
    turned = np.abs(place.axes_lps - first.axes_lps).max()
    if turned > _SAME_COSINES:
        cosine = np.clip((place.axes_lps * first.axes_lps).sum(axis=0).min(), -1, 1)
        raise GeometryError(
            f"{path}: one orientation for all slices was expected, found {_instance(place.file)} "
            f"turned by {np.degrees(np.arccos(cosine)):.2f} degrees against the first; separate "
            "the series."
        )
    if place.size != first.size or not np.allclose(
        place.spacing_mm, first.spacing_mm, rtol=1e-4, atol=0
    ):
        raise GeometryError(
            f"{path}: one size for all slices was expected, found {_size(place)} in "
            f"{_instance(place.file)} beside {_size(first)}; separate the series."
        )


def _measure_step(
    slices: Sequence[SlicePlace], along_mm: NDArray[np.float64], path: Path
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The vector from slice to slice (LPS, mm); GeometryError for gaps, doubles and tilt."""
    if len(slices) == 1:
        return _assume_step(slices[0], path)
    steps = np.diff(along_mm)
    usual = float(np.median(steps))
    allowed = max(UNEVEN_SHARE * usual, UNEVEN_MM)
    doubles = np.flatnonzero(steps <= UNEVEN_MM)
    if doubles.size:
        raise _double_error(doubles, along_mm, len(slices), path)
    if (np.abs(steps - usual) > allowed).any():
        raise _uneven_error(steps, usual, along_mm, path)
    points = np.array([place.position_lps_mm for place in slices])
    step = (points[-1] - points[0]) / (len(slices) - 1)
    _check_tilt(step, slices[0].normal, path)
    apart = np.linalg.norm(points - (points[0] + np.arange(len(slices))[:, None] * step), axis=1)
    worst = int(apart.argmax())
    if apart[worst] > allowed:
        raise GeometryError(
            f"{path}: slices on one straight line were expected, slice {worst + 1} of "
            f"{len(slices)} (at {along_mm[worst]:.2f} mm) lies {apart[worst]:.3f} mm off it "
            f"({allowed:.3f} mm are allowed); export the series again."
        )
    return step, ()


def _assume_step(place: SlicePlace, path: Path) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    header = place.file.header
    thick = find_number(header, "SpacingBetweenSlices") or find_number(header, "SliceThickness")
    if not thick or thick <= 0:
        raise GeometryError(
            f"{path}: a series of slices was expected, found one without a thickness; export the "
            "whole series."
        )
    notice = f"one slice only: its thickness of {thick:g} mm is taken as the spacing"
    return place.normal * thick, (notice,)


def _double_error(
    doubles: NDArray[np.integer], along_mm: NDArray[np.float64], count: int, path: Path
) -> GeometryError:
    return GeometryError(
        f"{path}: each slice once was expected, found several at the same place: at "
        f"{_listed(along_mm[doubles])} mm ({doubles.size} of {count} slices too many); remove the "
        "copies, or separate the series."
    )


def _uneven_error(
    steps: NDArray[np.float64], usual: float, along_mm: NDArray[np.float64], path: Path
) -> GeometryError:
    allowed = max(UNEVEN_SHARE * usual, UNEVEN_MM)
    wrong = np.flatnonzero(np.abs(steps - usual) > allowed)
    ratio = steps[wrong] / usual
    missing = np.rint(ratio) - 1
    if (np.abs(steps[wrong] - np.rint(ratio) * usual) <= allowed * np.maximum(missing, 1)).all():
        gaps = ", ".join(
            f"{int(missing[n])} between {along_mm[w]:.2f} and {along_mm[w + 1]:.2f} mm"
            for n, w in enumerate(wrong[:_SHOWN])
        )
        return GeometryError(
            f"{path}: slices every {usual:.3f} mm were expected, {int(missing.sum())} are missing: "
            f"{gaps}; copy the whole series."
        )
    worst = int(wrong[np.abs(steps[wrong] - usual).argmax()])
    return GeometryError(
        f"{path}: slices every {usual:.3f} mm were expected (to {allowed:.3f} mm), found uneven "
        f"ones: slice {worst + 2} (at {along_mm[worst + 1]:.2f} mm) comes {steps[worst]:.3f} mm "
        f"after the one before, {wrong.size} of {steps.size} steps are off; resample the series to "
        "even slices."
    )


def _check_tilt(step: NDArray[np.float64], normal: NDArray[np.float64], path: Path) -> None:
    along = step @ normal
    aside = float(np.linalg.norm(step - along * normal))
    tilt = float(np.degrees(np.arctan2(aside, abs(along))))
    if tilt > SHEAR_LIMIT_DEG:
        raise GeometryError(
            f"{path}: slices stacked along their normal were expected (to {SHEAR_LIMIT_DEG:g} "
            f"degrees), found a gantry tilt of {tilt:.3f} degrees ({aside:.3f} mm aside per "
            "slice); resample the series to a regular grid."
        )


def _instance(file: DicomFile) -> str:
    number = find_whole(file.header, "InstanceNumber")
    return "an image without a number" if number is None else f"the image with number {number}"


def _size(place: SlicePlace) -> str:
    columns, rows = place.size
    return f"{columns} x {rows} of {place.spacing_mm[0]:.4f} x {place.spacing_mm[1]:.4f} mm"


def _listed(values_mm: NDArray[np.float64]) -> str:
    shown = ", ".join(f"{value:.2f}" for value in values_mm[:_SHOWN])
    return shown if values_mm.size <= _SHOWN else f"{shown} and {values_mm.size - _SHOWN} more"
