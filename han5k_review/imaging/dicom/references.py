"""References: the DICOM series that written objects lie on, and UIDs made without chance."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.datasets import find_text
from han5k_review.imaging.dicom.folders import CT_CLASS
from han5k_review.imaging.dicom.series import SeriesOutline
from han5k_review.imaging.grid import Grid

_UID_ROOT = "2.25."


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReference:
    """The DICOM series that contours lie on: UIDs, and that of each slice of the grid (by k).

    `images` is empty, and `is_synthetic` true, where no DICOM source is known.
    """

    study_uid: str
    series_uid: str
    frame_uid: str
    images: tuple[tuple[str, str], ...] = ()
    is_synthetic: bool = False


def build_synthetic_reference(seed: str) -> SeriesReference:
    """References for a CT without a DICOM source, made from `seed` (its content hash)."""
    return SeriesReference(
        study_uid=build_uid("study", seed),
        series_uid=build_uid("series", seed),
        frame_uid=build_uid("frame", seed),
        is_synthetic=True,
    )


def build_series_reference(outline: SeriesOutline, grid: Grid) -> SeriesReference:
    """References to a series that was read from DICOM and whose grid is `grid`.

    GeometryError when it is another grid, or its slices are not stacked along k; DataError when
    its images have no UIDs.
    """
    if not outline.grid.is_near(grid):
        raise GeometryError(
            f"the series of the case's CT ({grid.describe()}) was expected, found another "
            f"({outline.grid.describe()}); name the series that the case was imported from."
        )
    change = outline.stack.grid.reorientation_to_lps()
    if change.permutation[2] != 2:
        raise GeometryError(
            "a series of axial slices was expected for DICOM, found another; take NIfTI."
        )
    slices = outline.stack.slices[::-1] if change.flips[2] else outline.stack.slices
    headers = [place.file.header for place in slices]
    images = tuple(
        (find_text(h, "SOPClassUID") or CT_CLASS, find_text(h, "SOPInstanceUID")) for h in headers
    )
    uids = [find_text(headers[0], n) for n in ("StudyInstanceUID", "SeriesInstanceUID")]
    if not all(uids) or not outline.frame_uid or not all(uid for _, uid in images):
        raise DataError(
            "a series whose images name their study, series, frame of reference and themselves was "
            "expected, found one without; export without a series."
        )
    return SeriesReference(
        study_uid=uids[0], series_uid=uids[1], frame_uid=outline.frame_uid, images=images
    )


def hash_frame(frame_uid: str, image_sha256: str) -> str:
    """What is stored of a CT's frame of reference: it can be compared, and not read back.

    SHA-256 of the CT's hash and the UID; empty where there is none.
    """
    text = f"han5k-frame-1 {image_sha256} {frame_uid}"
    return hashlib.sha256(text.encode()).hexdigest() if frame_uid else ""


def build_uid(what: str, seed: str) -> str:
    """A UID by PS3.5 B.2 (2.25 and a number of 128 bits), from a hash instead of chance."""
    number = hashlib.sha256(f"han5k-uid-1 {what} {seed}".encode()).digest()[:16]
    return f"{_UID_ROOT}{int.from_bytes(number, 'big')}"
