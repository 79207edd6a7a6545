"""Structure sets: masks -> the bytes of an RTSTRUCT that, filled by centre and even-odd, is them.

Implicit VR, as ContourData may be longer than explicit VR can say (64 kB). All UIDs are made from
a hash of what the file holds, and no clock is read: the same masks give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ImplicitVRLittleEndian

from han5k_review.imaging.dicom.folders import STRUCTURE_SET_CLASS
from han5k_review.imaging.dicom.named_masks import (
    LONG,
    SOFTWARE,
    NamedMask,
    build_seed,
    check_named,
    describe_use,
    tidy_patient,
)
from han5k_review.imaging.dicom.outlines import build_outlines
from han5k_review.imaging.dicom.references import SeriesReference, build_uid
from han5k_review.imaging.grid import RAS_TO_LPS

RESEARCH_LABEL = "RESEARCH USE"
_SHORT = 16  # characters of an SH


def build_structure_set(
    structures: Sequence[NamedMask],
    reference: SeriesReference,
    *,
    patient: str,
    keyholes: bool = False,
    label: str = RESEARCH_LABEL,
) -> bytes:
    """The file. `patient` is the pseudonym that stands as name and identifier.

    `label` (up to 16 characters) tells several structure sets of one CT apart in lists.
    With `keyholes` holes are joined to the contour around them, for tools that fill contours one
    by one. DataError for no structure, or names that DICOM cannot hold.
    """
    check_named(structures)
    own_label = label if label != RESEARCH_LABEL else ""
    seed = build_seed(structures, reference) + " keyholes" * keyholes + own_label
    dataset = Dataset()
    instance = build_uid("structure set", seed)
    _add_identity(dataset, reference, instance, patient, seed)
    dataset.StructureSetLabel = label[:_SHORT]
    dataset.ReferencedFrameOfReferenceSequence = DicomSequence([_build_frame(reference)])
    dataset.StructureSetROISequence = DicomSequence(
        _build_roi(number, one, reference) for number, one in enumerate(structures, start=1)
    )
    dataset.ROIContourSequence = DicomSequence(
        _build_contours(number, one, reference, keyholes)
        for number, one in enumerate(structures, start=1)
    )
    dataset.RTROIObservationsSequence = DicomSequence(
        _build_observation(number, one) for number, one in enumerate(structures, start=1)
    )
    dataset.ApprovalStatus = "UNAPPROVED"
    return _write(dataset, instance)


def _add_identity(
    dataset: Dataset, reference: SeriesReference, instance: str, patient: str, seed: str
) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = STRUCTURE_SET_CLASS
    dataset.SOPInstanceUID = instance
    dataset.Modality = "RTSTRUCT"
    dataset.Manufacturer = SOFTWARE
    dataset.ManufacturerModelName = SOFTWARE
    dataset.SoftwareVersions = "research"
    dataset.PatientName = dataset.PatientID = tidy_patient(patient)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = "Pseudonym; no element of the source was copied but UIDs"
    dataset.StudyInstanceUID = reference.study_uid
    dataset.SeriesInstanceUID = build_uid("series of the structure set", seed)
    dataset.FrameOfReferenceUID = reference.frame_uid
    dataset.PositionReferenceIndicator = ""
    dataset.StructureSetDescription = describe_use(reference)
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
    if one.maker:
        roi.ROIGenerationDescription = one.maker[:LONG]
    return roi


def _build_contours(
    number: int, one: NamedMask, reference: SeriesReference, keyholes: bool
) -> Dataset:
    item = Dataset()
    item.ROIDisplayColor = list(one.colour_rgb)
    item.ReferencedROINumber = number
    matrix = RAS_TO_LPS @ one.mask.grid.affine
    contours = []
    for outline in build_outlines(one.mask, keyholes=keyholes):
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
    item.RTROIInterpretedType = one.kind
    item.ROIInterpreter = ""
    return item


def _write(dataset: Dataset, instance: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(STRUCTURE_SET_CLASS)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = ImplicitVRLittleEndian
    meta.ImplementationClassUID = UID(build_uid("implementation", SOFTWARE))
    meta.ImplementationVersionName = "HAN5K_REVIEW"
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True, implicit_vr=True, little_endian=True)
    return file.getvalue()
