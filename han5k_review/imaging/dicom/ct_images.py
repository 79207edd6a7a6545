"""CT images: a volume -> the bytes of a DICOM series, one image per slice.

For synthetic CTs: no scanner is named, no clock is read, the same volume gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from han5k_review.errors import GeometryError
from han5k_review.imaging.dicom.folders import CT_CLASS
from han5k_review.imaging.dicom.named_masks import RESEARCH_USE, SOFTWARE, tidy_patient
from han5k_review.imaging.dicom.references import SeriesReference, build_uid
from han5k_review.imaging.grid import RAS_TO_LPS
from han5k_review.imaging.volume import CtVolume

_INTERCEPT = -1024
_LOWEST, _HIGHEST = _INTERCEPT, 65535 + _INTERCEPT


def build_image_reference(volume: CtVolume) -> SeriesReference:
    """The UIDs that `build_ct_images` gives to a volume's study, series, frame and images."""
    seed = f"images of {volume.sha256}"
    return SeriesReference(
        study_uid=build_uid("study", seed),
        series_uid=build_uid("series", seed),
        frame_uid=build_uid("frame", seed),
        images=tuple(
            (CT_CLASS, build_uid(f"image {k}", seed)) for k in range(volume.grid.shape[2])
        ),
    )


def build_ct_images(volume: CtVolume, *, patient: str) -> Iterator[bytes]:
    """The files of a volume in LPS axes, from the lowest slice up; `patient` is a pseudonym.

    GeometryError when its axes are others. HU beyond 16 bits do not occur in a `CtVolume`.
    """
    if volume.grid.orientation != "LPS":
        raise GeometryError(
            f"a CT in LPS axes was expected for DICOM images, found {volume.grid.orientation}."
        )
    reference = build_image_reference(volume)
    for k, (_, instance) in enumerate(reference.images):
        dataset = _build_head(volume, reference, k)
        dataset.PatientName = dataset.PatientID = tidy_patient(patient)
        plane = volume.hu[:, :, k].T.astype(np.int32)
        stored = np.clip(plane, _LOWEST, _HIGHEST) - _INTERCEPT
        dataset.PixelData = stored.astype("<u2").tobytes()
        dataset["PixelData"].VR = "OW"
        yield _write(dataset, instance)


def _build_head(volume: CtVolume, reference: SeriesReference, k: int) -> Dataset:
    grid = volume.grid
    spacing, _, direction = grid.lps_geometry
    axes = np.array(direction).reshape(3, 3)
    place = (RAS_TO_LPS @ grid.affine) @ (0, 0, k, 1)
    one = Dataset()
    one.SpecificCharacterSet = "ISO_IR 192"
    one.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    one.SOPClassUID, one.SOPInstanceUID = reference.images[k]
    one.Modality, one.Manufacturer, one.BodyPartExamined = "CT", SOFTWARE, "HEADNECK"
    one.SeriesDescription = one.ImageComments = f"Synthetic. {RESEARCH_USE}"
    one.StudyInstanceUID, one.SeriesInstanceUID = reference.study_uid, reference.series_uid
    one.FrameOfReferenceUID, one.PositionReferenceIndicator = reference.frame_uid, ""
    for name in (
        *("StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "StudyID"),
        *("PatientBirthDate", "PatientSex", "ContentDate", "ContentTime"),
    ):
        setattr(one, name, "")
    one.SeriesNumber, one.AcquisitionNumber, one.InstanceNumber = 1, 1, k + 1
    one.PatientPosition, one.KVP = "HFS", None
    one.ImagePositionPatient = [_shorten(v) for v in place[:3]]
    one.ImageOrientationPatient = [_shorten(v) for v in (*axes[:, 0], *axes[:, 1])]
    one.PixelSpacing = [_shorten(spacing[1]), _shorten(spacing[0])]
    one.SliceThickness = _shorten(spacing[2])
    one.Rows, one.Columns = grid.shape[1], grid.shape[0]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = 16
    one.HighBit, one.PixelRepresentation = 15, 0
    one.RescaleIntercept, one.RescaleSlope, one.RescaleType = _INTERCEPT, 1, "HU"
    return one


def _shorten(value: float) -> float:
    """As many digits as the 16 bytes of a DS hold."""
    return float(f"{value + 0.0:.10g}")


def _write(dataset: Dataset, instance: str) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(CT_CLASS)
    meta.MediaStorageSOPInstanceUID = UID(instance)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(build_uid("implementation", SOFTWARE))
    meta.ImplementationVersionName = "HAN5K_REVIEW"
    dataset.file_meta = meta
    dataset.preamble = b"\0" * 128
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()
