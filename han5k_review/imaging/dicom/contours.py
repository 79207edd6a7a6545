"""Contours: an RT structure set -> its ROIs with their closed contours, in mm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from han5k_review.errors import DataError
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_text,
    find_whole,
    tidy_name,
    tolerant_reading,
    unreadable,
)

_CONTOUR_DATA = 0x30060050
ROI_NAME_TAGS = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "StructureSetROISequence",
    "RTROIObservationsSequence",
)
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlanarContour:
    """One closed contour: `points_lps_mm` (n, 3)."""

    points_lps_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roi:
    """A region of interest: its number, name and type (ORGAN, PTV, ... or empty).

    `frame_uid` is the frame of reference its points lie in; `not_drawn` counts contours by type
    that enclose nothing (POINT, OPEN_PLANAR, ...).
    """

    number: int
    name: str
    kind: str
    frame_uid: str
    contours: tuple[PlanarContour, ...]
    not_drawn: tuple[tuple[str, int], ...] = ()


def read_rois(dataset: Dataset, file: str) -> tuple[Roi, ...]:
    """The ROIs of a structure set; one read by `ROI_NAME_TAGS` alone gives no contours.

    DataError naming `file` when it is damaged, or has points that are not finite.
    """
    try:
        with tolerant_reading():
            return _read_rois(dataset, file)
    except FOREIGN_ERRORS as error:
        raise unreadable(file, error) from error


def _read_rois(dataset: Dataset, file: str) -> tuple[Roi, ...]:
    contours = {
        find_whole(item, "ReferencedROINumber"): item
        for item in dataset.get("ROIContourSequence") or ()
    }
    kinds = {
        find_whole(item, "ReferencedROINumber"): find_text(item, "RTROIInterpretedType")
        for item in dataset.get("RTROIObservationsSequence") or ()
    }
    rois = []
    for place, item in enumerate(dataset.get("StructureSetROISequence") or (), start=1):
        number = find_whole(item, "ROINumber")
        closed, others = _read_contours(contours.get(number), place, file)
        rois.append(
            Roi(
                number=place if number is None else number,
                name=tidy_name(find_text(item, "ROIName")),
                kind=kinds.get(number, ""),
                frame_uid=find_text(item, "ReferencedFrameOfReferenceUID"),
                contours=closed,
                not_drawn=others,
            )
        )
    return tuple(rois)


def _read_contours(
    item: Dataset | None, place: int, file: str
) -> tuple[tuple[PlanarContour, ...], tuple[tuple[str, int], ...]]:
    closed: list[PlanarContour] = []
    others: dict[str, int] = {}
    sequence = () if item is None else item.get("ContourSequence") or ()
    for number, contour in enumerate(sequence, start=1):
        kind = find_text(contour, "ContourGeometricType").upper() or "CLOSED_PLANAR"
        if kind not in _CLOSED:
            kind = kind if kind in _OPEN else "unknown"
            others[kind] = others.get(kind, 0) + 1
            continue
        points = _read_points(contour, f"{file}: contour {number} of ROI {place}")
        if len(points):
            closed.append(PlanarContour(points_lps_mm=points))
    return tuple(closed), tuple(others.items())


_OPEN = ("POINT", "OPEN_PLANAR", "OPEN_NONPLANAR")


def _read_points(contour: Dataset, what: str) -> NDArray[np.float64]:
    """The points (n, 3) of a contour from the text of its element: a million take a second."""
    if _CONTOUR_DATA not in contour:
        return np.empty((0, 3))
    raw = contour.get_item(_CONTOUR_DATA).value
    try:
        if isinstance(raw, bytes):
            numbers = np.fromstring(raw.rstrip(b"\0 ").decode("ascii"), dtype=float, sep="\\")
        else:
            numbers = np.array(raw, dtype=np.float64)
    except (ValueError, TypeError, DeprecationWarning) as error:
        raise DataError(
            f"{what}: numbers as coordinates were expected, found other text; export the structure "
            "set again."
        ) from error
    if numbers.size % 3:
        raise DataError(
            f"{what}: three numbers per point were expected, found {numbers.size} numbers; the "
            "file may be cut off."
        )
    wrong = int(numbers.size - np.count_nonzero(np.isfinite(numbers)))
    if wrong:
        raise DataError(
            f"{what}: finite coordinates were expected, found {wrong} that are NaN or infinite; "
            "export the structure set again."
        )
    return numbers.reshape(-1, 3)
