"""CT files: a NIfTI, NRRD or MetaImage file, or a DICOM series -> a CtVolume in LPS axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.folders import is_dicom
from han5k_review.imaging.dicom.series import (
    SeriesOutline,
    read_series,
    read_series_outline,
)
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.header_values import ImageHeader
from han5k_review.imaging.headers import read_header
from han5k_review.imaging.image_files import check_plain, iter_slices
from han5k_review.imaging.volume import CtVolume
from han5k_review.texts.counts import say_count

_AIR_BELOW_HU = -200
_TISSUE_ABOVE_HU = 100
_INT16 = np.iinfo(np.int16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CtReading:
    """A CT in LPS axes and the `notices` a person should read before trusting it.

    `frame_uid` is the frame of reference of a DICOM series: contours must lie in the same.
    """

    volume: CtVolume
    notices: tuple[str, ...]
    frame_uid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CtOutline:
    """What a CT's header says, as `CtReading`: its `grid` in LPS axes, notices on the geometry."""

    grid: Grid
    notices: tuple[str, ...]
    frame_uid: str = ""


def read_ct(path: Path, given: Sequence[Path] = ()) -> CtVolume:
    """Read a CT and bring it to LPS axes: i grows to L, j to P, k to S.

    Fractions of HU are rounded. `given` are the files of a DICOM series, where they are known; they
    may lie in several folders below `path`. Raises DataError (not a 3-D image; NaN, infinite or
    beyond int16 voxels) or GeometryError; the message names the file.
    """
    return read_ct_with_notices(path, given).volume


def read_ct_with_notices(path: Path, given: Sequence[Path] = ()) -> CtReading:
    """As `read_ct`, with notices on orientation and on HU that do not look like a CT."""
    if given or is_dicom(path):
        series = read_series(path, given)
        outline = _outline_series(series.outline, series.notices)
        return CtReading(
            volume=CtVolume(grid=outline.grid, hu=series.hu),
            notices=(*outline.notices, *_list_range_notices(*series.range_hu)),
            frame_uid=outline.frame_uid,
        )
    header = read_header(path)
    outline = _outline(header)
    hu, low, high = _read_hu(header, outline.grid)
    return CtReading(
        volume=CtVolume(grid=outline.grid, hu=hu),
        notices=(*outline.notices, *_list_range_notices(low, high)),
    )


def read_ct_outline(path: Path, given: Sequence[Path] = ()) -> CtOutline:
    """The grid and notices of a CT by its header alone; raises as `read_ct` where that tells."""
    if given or is_dicom(path):
        series = read_series_outline(path, given)
        return _outline_series(series, series.notices)
    return _outline(read_header(path))


def _list_range_notices(low: int, high: int) -> tuple[str, ...]:
    if high < _TISSUE_ABOVE_HU:
        return (f"HU from {low} to {high}: no tissue above {_TISSUE_ABOVE_HU} HU, is it a CT?",)
    if low > _AIR_BELOW_HU:
        return (
            f"HU from {low} to {high}: no air below {_AIR_BELOW_HU} HU; was the offset of -1024 "
            "applied?",
        )
    return ()


def _outline(header: ImageHeader) -> CtOutline:
    check_plain(header)
    return _build_outline(header.grid, header.notices)


def _outline_series(series: SeriesOutline, notices: Sequence[str]) -> CtOutline:
    return _build_outline(series.grid, notices, series.frame_uid)


def _build_outline(stored: Grid, notices: Sequence[str], frame_uid: str = "") -> CtOutline:
    grid = stored.reoriented(stored.reorientation_to_lps())
    oblique = ("the grid is oblique to the patient's axes; it is kept as it is",)
    said = (*notices, *(oblique if grid.is_oblique else ()))
    return CtOutline(grid=grid, notices=said, frame_uid=frame_uid)


def _read_hu(header: ImageHeader, grid: Grid) -> tuple[NDArray[np.int16], int, int]:
    """HU on `grid` (LPS axes, i fastest in memory), the lowest and the highest.

    Each slice of the file is checked, rounded and put in its place while it is in the cache.
    """
    change = header.grid.reorientation_to_lps()
    hu = np.empty(grid.shape, dtype=np.int16, order="F")
    as_stored = change.undo(hu)
    wrong = 0
    ranges: list[tuple[float, float]] = []
    for k, plane in iter_slices(header):
        values = plane
        if plane.dtype.kind == "f":
            finite = np.isfinite(plane)
            bad = int(plane.size - np.count_nonzero(finite))
            wrong += bad
            values = np.rint(plane, where=finite, out=np.zeros_like(plane)) if bad else plane
        low, high = values.min(), values.max()
        ranges.append((low, high))
        if low < _INT16.min or high > _INT16.max:
            continue
        as_stored[:, :, k] = np.rint(values) if values.dtype.kind == "f" else values
    if wrong:
        raise DataError(
            f"{header.path}: finite HU were expected, found {say_count(wrong, 'voxel')} of "
            "NaN or infinity; fill them (air is -1024) and import again."
        )
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if low < _INT16.min or high > _INT16.max:
        raise DataError(
            f"{header.path}: HU between {_INT16.min} and {_INT16.max} were expected, found {low} "
            f"to {high}."
        )
    return hu, round(float(low)), round(float(high))
