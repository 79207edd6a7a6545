"""Structure sets: masks -> the bytes of an RTSTRUCT that, filled by centre and even-odd, is them.

Implicit VR, as ContourData may be longer than explicit VR can say (64 kB). All UIDs are made from
a hash of what the file holds, and no clock is read: the same masks give the same bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ImplicitVRLittleEndian

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.datasets import find_text
from han5k_review.imaging.dicom.folders import CT_CLASS, STRUCTURE_SET_CLASS
from han5k_review.imaging.dicom.outlines import build_outlines
from han5k_review.imaging.dicom.series import SeriesOutline
from han5k_review.imaging.grid import RAS_TO_LPS, Grid
from han5k_review.imaging.mask import StructureMask

SOFTWARE = "HaN5K Review"
RESEARCH_USE = "Research use only. Not a medical device."
SYNTHETIC = " Study, series and frame of reference are made up: no DICOM source is known."
_UID_ROOT = "2.25."
_SHORT, _LONG = 16, 64  # characters of SH and LO


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NamedMask:
    """A structure for the file: `name` (TG-263 where it has one), its mask and colour (0-255).

    `algorithm` (AUTOMATIC, SEMIAUTOMATIC, MANUAL or empty) and `made_by` (up to 64 characters) say
    how it came about.
    """

    name: str
    mask: StructureMask
    colour_rgb: tuple[int, int, int]
    algorithm: str = ""
    made_by: str = ""


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
        study_uid=_uid("study", seed),
        series_uid=_uid("series", seed),
        frame_uid=_uid("frame", seed),
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
            "a series of axial slices was expected for an RTSTRUCT, found another; take NIfTI."
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


def build_structure_set(
    structures: Sequence[NamedMask], reference: SeriesReference, *, patient: str
) -> bytes:
    """The file. `patient` is the pseudonym that stands as name and identifier.

    DataError for no structure, or names that DICOM cannot hold.
    """
    _check_names(structures)
    seed = " ".join([*(s.name + s.mask.sha256 + s.made_by for s in structures), repr(reference)])
    dataset = Dataset()
    instance = _uid("structure set", seed)
    _add_identity(dataset, reference, instance, patient, seed)
    dataset.ReferencedFrameOfReferenceSequence = DicomSequence([_build_frame(reference)])
    dataset.StructureSetROISequence = DicomSequence(
        _build_roi(number, one, reference) for number, one in enumerate(structures, start=1)
    )
    dataset.ROIContourSequence = DicomSequence(
        _build_contours(number, one, reference) for number, one in enumerate(structures, start=1)
    )
    dataset.RTROIObservationsSequence = DicomSequence(
        _build_observation(number, one) for number, one in enumerate(structures, start=1)
    )
    dataset.ApprovalStatus = "UNAPPROVED"
    return _write(dataset, instance)


def _check_names(structures: Sequence[NamedMask]) -> None:
    if not structures:
        raise DataError("At least one structure was expected for an RTSTRUCT, found none.")
    wrong = [s.name for s in structures if not 0 < len(s.name) <= _LONG or "\\" in s.name]
    if wrong:
        raise DataError(
            f"Names of 1 to {_LONG} characters without \\ were expected, found {wrong[0]!r}."
        )


def _add_identity(
    dataset: Dataset, reference: SeriesReference, instance: str, patient: str, seed: str
) -> None:
    note = RESEARCH_USE + (SYNTHETIC if reference.is_synthetic else "")
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = STRUCTURE_SET_CLASS
    dataset.SOPInstanceUID = instance
    dataset.Modality = "RTSTRUCT"
    dataset.Manufacturer = SOFTWARE
    dataset.ManufacturerModelName = SOFTWARE
    dataset.SoftwareVersions = "research"
    dataset.PatientName = dataset.PatientID = patient[:_LONG].replace("\\", "_").replace("^", "_")
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Pseudonym; no element of the source was copied but UIDs"
    dataset.StudyInstanceUID = reference.study_uid
    dataset.SeriesInstanceUID = _uid("series of the structure set", seed)
    dataset.FrameOfReferenceUID = reference.frame_uid
    dataset.PositionReferenceIndicator = ""
    dataset.StructureSetLabel = "RESEARCH USE"
    dataset.StructureSetDescription = note
    for name in (
        *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
        *("PatientBirthDate", "PatientSex", "SeriesNumber", "OperatorsName"),
        *("StructureSetDate", "StructureSetTime"),
    ):
        setattr(dataset, name, "" if name != "SeriesNumber" else None)


def _build_frame(reference: SeriesReference) -> Dataset:
    frame = Dataset()
    frame.FrameOfReferenceUID = reference.frame_uid
    if reference.images:
        series = Dataset()
        series.SeriesInstanceUID = reference.series_uid
        series.ContourImageSequence = DicomSequence(
            _build_image(reference, k) for k in range(len(reference.images))
        )
        study = Dataset()
        study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
        study.ReferencedSOPInstanceUID = reference.study_uid
        study.RTReferencedSeriesSequence = DicomSequence([series])
        frame.RTReferencedStudySequence = DicomSequence([study])
    return frame


def _build_image(reference: SeriesReference, k: int) -> Dataset:
    image = Dataset()
    image.ReferencedSOPClassUID, image.ReferencedSOPInstanceUID = reference.images[k]
    return image


def _build_roi(number: int, one: NamedMask, reference: SeriesReference) -> Dataset:
    roi = Dataset()
    roi.ROINumber = number
    roi.ReferencedFrameOfReferenceUID = reference.frame_uid
    roi.ROIName = one.name
    roi.ROIGenerationAlgorithm = one.algorithm
    if one.made_by:
        roi.ROIGenerationDescription = one.made_by[:_LONG]
    return roi


def _build_contours(number: int, one: NamedMask, reference: SeriesReference) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = list(one.colour_rgb)
    item.ReferencedROINumber = number
    matrix = RAS_TO_LPS @ one.mask.grid.affine
    contours = []
    for outline in build_outlines(one.mask):
        k = np.full((len(outline.points_ij), 1), float(outline.k))
        points = np.hstack([outline.points_ij, k]) @ matrix[:3, :3].T + matrix[:3, 3]
        contour = Dataset()
        if reference.images:
            contour.ContourImageSequence = DicomSequence([_build_image(reference, outline.k)])
        contour.ContourGeometricType = "CLOSED_PLANAR"
        contour.NumberOfContourPoints = len(points)
        contour.add_new(0x30060050, "OB", _format(points))
        contours.append(contour)
    if contours:
        item.ContourSequence = DicomSequence(contours)
    return item


def _format(points_lps_mm: NDArray[np.float64]) -> bytes:
    r"""Coordinates as the text of a DS: 10 digits, at most 16 bytes each, `\` between, even length.

    In implicit VR the bytes of an element are written as they are, whatever VR it was given.
    """
    text = "\\".join(f"{value:.10g}" for value in (points_lps_mm + 0.0).ravel().tolist())
    return (text + " " * (len(text) % 2)).encode("ascii")


def _build_observation(number: int, one: NamedMask) -> Dataset:
    item = Dataset()
    item.ObservationNumber = number
    item.ReferencedROINumber = number
    item.ROIObservationLabel = one.name[:_SHORT]
    item.RTROIInterpretedType = "ORGAN"
    item.ROIInterpreter = ""
    return item


def _write(dataset: Dataset, instance: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(STRUCTURE_SET_CLASS)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    meta.ImplementationClassUID = UID(_uid("implementation", SOFTWARE))
    meta.ImplementationVersionName = "HAN5K_REVIEW"
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True, implicit_vr=True, little_endian=True)
    return file.getvalue()


def _uid(what: str, seed: str) -> str:
    """A UID by PS3.5 B.2 (2.25 and a number of 128 bits), from a hash instead of chance."""
    number = hashlib.sha256(f"han5k-uid-1 {what} {seed}".encode()).digest()[:16]
    return f"{_UID_ROOT}{int.from_bytes(number, 'big')}"
