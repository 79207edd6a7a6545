"""Contours: an RT structure set -> its ROIs, and each ROI as a mask on the grid of its CT.

A voxel is inside by its centre, even-odd over all closed contours of its slice. A contour lies on
the slice nearest to its plane along the normal. What is not drawn, or could mean another thing,
is said with numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.archives import is_archive, unpacked
from han5k_review.imaging.dicom.datasets import (
    FOREIGN_ERRORS,
    find_text,
    find_whole,
    read_dataset,
    shorten_uid,
    tolerant_reading,
    unreadable,
)
from han5k_review.imaging.dicom.folders import STRUCTURE_SET_CLASS, read_folder

_CONTOUR_DATA = 0x30060050
_CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
_LONGEST_NAME = 64
_NAME_TAGS = (
    "SpecificCharacterSet",
    "SOPClassUID",
    "StructureSetROISequence",
    "RTROIObservationsSequence",
)


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureSet:
    """The ROIs of a structure set, in the order of their list."""

    path: Path
    rois: tuple[Roi, ...]


def _find_file(folder: Path, path: Path, frame_uid: str) -> Path:
    """The one structure set of a folder tree; of several, the one in this frame of reference.

    A file is taken as it is. DataError (naming `path`) when there is none, or several.
    """
    if folder.is_file():
        return folder
    found = [file for file in read_folder(folder, path) if file.is_structure_set]
    if len(found) > 1 and frame_uid:
        found = [file for file in found if frame_uid in _list_frames(file.header)] or found
    if len(found) != 1:
        ends = ", ".join(shorten_uid(find_text(f.header, "SOPInstanceUID")) for f in found)
        raise DataError(
            f"{path}: one RT structure set was expected, found {len(found)}"
            f"{f' ({ends})' if ends else ''}; name its file."
        )
    return found[0].path


def _list_frames(header: Dataset) -> list[str]:
    try:
        items = header.get("ReferencedFrameOfReferenceSequence") or ()
        return [find_text(item, "FrameOfReferenceUID") for item in items]
    except FOREIGN_ERRORS:
        return []


def read_structure_set(path: Path, frame_uid: str = "", *, points: bool = True) -> StructureSet:
    """Read the structure set at `path` (a file, or the one in a folder or archive).

    Without `points` only names and types are read, and no ROI has a contour.

    `frame_uid` is the CT's frame of reference, or empty where it is not known: ROIs of another one
    are refused. DataError when the file is none, is damaged, or has points that are not finite.
    """
    with unpacked(path) as folder:
        found = _find_file(folder, path, frame_uid)
        file = path if is_archive(path) else found
        dataset = read_dataset(found, str(file), tags=None if points else _NAME_TAGS)
    if find_text(dataset, "SOPClassUID") != STRUCTURE_SET_CLASS:
        raise DataError(
            f"{file}: an RT structure set was expected, found another DICOM file; name the "
            "structure set."
        )
    try:
        with tolerant_reading():
            rois = _read_rois(dataset, file)
    except FOREIGN_ERRORS as error:
        raise unreadable(str(file), error) from error
    if not rois:
        raise DataError(f"{file}: at least one structure was expected, found none.")
    _check_frames([roi for roi in rois if roi.contours or not points], frame_uid, file)
    return StructureSet(path=file, rois=rois)


def _read_rois(dataset: Dataset, file: Path) -> tuple[Roi, ...]:
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
                name=_tidy(find_text(item, "ROIName")),
                kind=kinds.get(number, ""),
                frame_uid=find_text(item, "ReferencedFrameOfReferenceUID"),
                contours=closed,
                not_drawn=others,
            )
        )
    return tuple(rois)


def _tidy(name: str) -> str:
    """A ROI name in one printable line, as long as DICOM allows."""
    return "".join(c if c.isprintable() else " " for c in name).strip()[:_LONGEST_NAME]


def _read_contours(
    item: Dataset | None, place: int, file: Path
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


def _check_frames(rois: Sequence[Roi], frame_uid: str, file: Path) -> None:
    strange = sorted({roi.frame_uid for roi in rois} - {"", frame_uid})
    if frame_uid and strange:
        raise GeometryError(
            f"{file}: contours in the CT's frame of reference ({shorten_uid(frame_uid)}) were "
            f"expected, found some in {', '.join(map(shorten_uid, strange))}: they belong to "
            "another image; give the structure set of this CT."
        )
