"""Doses: an RTDOSE -> Gray on its own grid in LPS axes, or a sentence that says why not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_number,
    find_numbers,
    find_text,
    find_whole,
    read_dataset,
    shorten_uid,
    tolerant_reading,
    unreadable,
)
from han5k_review.imaging.dose import DoseVolume
from han5k_review.imaging.grid import Grid

DOSE_CLASS = "1.2.840.10008.5.1.4.1.1.481.2"
_UNEVEN = 0.01  # of the spacing
_HIGHEST_GY = 1000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DoseReading:
    """The dose of a file, and notices a person should read before trusting it."""

    volume: DoseVolume
    notices: tuple[str, ...]


def read_dose(path: Path, frame_uid: str = "") -> DoseReading:
    """Read an RTDOSE; `frame_uid` is the CT's frame of reference, empty where it is not known.

    DataError when the file is none, is damaged, or its dose is not in Gray; GeometryError for
    another frame of reference, or planes at uneven distances, with the numbers.
    """
    dataset = read_dataset(path, str(path), pixels=True)
    frame = _check_header(dataset, path, frame_uid)
    try:
        with tolerant_reading():
            gy = _read_gy(dataset, path)
    except FOREIGN_ERRORS as error:
        raise unreadable(str(path), error) from error
    grid = _read_grid(dataset, (gy.shape[0], gy.shape[1], gy.shape[2]), path)
    change = grid.reorientation_to_lps()
    volume = DoseVolume(
        grid=grid.reoriented(change),
        gy=np.asfortranarray(change.apply(gy)).astype(np.float32, copy=False),
    )
    known = bool(frame_uid and frame)
    return DoseReading(volume=volume, notices=_list_notices(dataset, known=known))


def check_dose(path: Path, frame_uid: str = "") -> None:
    """Raise as `read_dose` does where the header alone tells."""
    dataset = read_dataset(path, str(path))
    _check_header(dataset, path, frame_uid)
    _find_scaling(dataset, path)


def _check_header(dataset: Dataset, path: Path, frame_uid: str) -> str:
    """Its frame of reference."""
    if find_text(dataset, "SOPClassUID") != DOSE_CLASS:
        raise DataError(f"{path}: an RTDOSE was expected, found another DICOM file.")
    frame = find_text(dataset, "FrameOfReferenceUID")
    if frame_uid and frame and frame != frame_uid:
        raise GeometryError(
            f"{path}: a dose in the CT's frame of reference ({shorten_uid(frame_uid)}) was "
            f"expected, found one in {shorten_uid(frame)}; give the dose of this CT."
        )
    return frame


def _read_gy(dataset: Dataset, path: Path) -> NDArray[np.float32]:
    """(columns, rows, planes) in Gray."""
    scaling = _find_scaling(dataset, path)
    stored = dataset.pixel_array
    planes = stored if stored.ndim == 3 else stored[None]
    gy: NDArray[np.float32] = (planes.transpose(2, 1, 0) * scaling).astype(np.float32)
    highest = float(gy.max())
    if not highest <= _HIGHEST_GY:
        raise DataError(
            f"{path}: a dose of up to {_HIGHEST_GY:g} Gy was expected, found {highest:.0f} Gy; its "
            "scaling may be wrong."
        )
    return gy


def _find_scaling(dataset: Dataset, path: Path) -> float:
    """Gray for each stored unit."""
    units = find_text(dataset, "DoseUnits").upper()
    scaling = find_number(dataset, "DoseGridScaling")
    if units != "GY" or scaling is None or scaling <= 0:
        raise DataError(
            f"{path}: a dose in GY with a scaling above 0 was expected, found "
            f"{'relative' if units == 'RELATIVE' else 'other'} units or no scaling; export the "
            "dose in Gray."
        )
    return scaling


def _read_grid(dataset: Dataset, shape: tuple[int, int, int], path: Path) -> Grid:
    corner = find_numbers(dataset, "ImagePositionPatient", 3)
    cosines = find_numbers(dataset, "ImageOrientationPatient", 6)
    spacing = find_numbers(dataset, "PixelSpacing", 2)
    offsets = find_numbers(dataset, "GridFrameOffsetVector", shape[2])
    if corner is None or cosines is None or spacing is None or (offsets is None and shape[2] > 1):
        raise DataError(
            f"{path}: position, orientation, spacing and an offset per plane were expected, found "
            "a dose without; export it again."
        )
    steps = np.diff(offsets) if offsets is not None else np.array([])
    thick = float(np.mean(steps)) if steps.size else (find_number(dataset, "SliceThickness") or 1.0)
    if steps.size and (np.abs(steps - thick).max() > _UNEVEN * abs(thick) or thick == 0):
        raise GeometryError(
            f"{path}: planes at even distances were expected, found distances from "
            f"{steps.min():.3f} to {steps.max():.3f} mm; export the dose on an even grid."
        )
    normal = np.cross(cosines[:3], cosines[3:])
    # Offsets count from the first plane; where the first is not 0 they are positions (PS3.3
    # C.8.8.3.2), which only axial planes have.
    first = corner.copy()
    if offsets is not None and offsets[0] != 0:
        first += normal * (offsets[0] - corner @ normal)
    return Grid.from_lps(
        shape,
        (float(spacing[1]), float(spacing[0]), abs(thick)),
        [float(v) for v in first],
        np.column_stack([cosines[:3], cosines[3:], normal * np.sign(thick)]).ravel().tolist(),
    )


def _list_notices(dataset: Dataset, *, known: bool) -> tuple[str, ...]:
    notices = []
    if not known:
        notices.append(
            "whether the dose was planned on this CT cannot be told; it is placed by its "
            "coordinates (name the CT's series with --series)"
        )
    summation = find_text(dataset, "DoseSummationType").upper()
    if summation != "PLAN":
        kind = summation if summation in ("FRACTION", "BEAM", "MULTI_PLAN") else "not said"
        notices.append(f"the dose is not that of a whole plan (summation: {kind})")
    if find_text(dataset, "DoseType").upper() not in ("", "PHYSICAL"):
        notices.append("the dose is not physical dose (effective, or a difference)")
    if find_whole(dataset, "NumberOfFrames") in (None, 1):
        notices.append("the dose has one plane only")
    return tuple(notices)
