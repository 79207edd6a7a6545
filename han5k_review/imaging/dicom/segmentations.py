"""Segmentations: masks -> the bytes of a DICOM SEG; structures may overlap.

highdicom builds the object from "is structure s on slice k" alone (one pixel a frame), so that its
memory stays small; then the frames take their bits. No clock is read and no UID is chance: the
same masks give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID
from pydicom.valuerep import DA, TM

from han5k_review.imaging.dicom.folders import CT_CLASS
from han5k_review.imaging.dicom.named_masks import (
    LONG,
    NOT_KNOWN,
    RESEARCH_USE,
    SOFTWARE,
    NamedMask,
    build_seed,
    check_named,
    describe_use,
    tidy_patient,
)
from han5k_review.imaging.dicom.references import SeriesReference, build_uid
from han5k_review.imaging.grid import RAS_TO_LPS, Grid

_NO_DATE, _NO_TIME = "19000101", "000000"  # DICOM wants some
_ABNORMAL = codes.SCT.MorphologicallyAbnormalStructure
_PROPERTIES = {
    "ORGAN": (codes.SCT.AnatomicalStructure, codes.SCT.Organ),
    "GTV": (_ABNORMAL, codes.SCT.GTV),
    "CTV": (_ABNORMAL, codes.SCT.CTV),
    "PTV": (_ABNORMAL, codes.SCT.PTV),
}
_TOGETHER = 8  # frames whose bits fill whole bytes, whatever their size


def build_segmentation(
    structures: Sequence[NamedMask], reference: SeriesReference, *, patient: str
) -> bytes:
    """The file, one segment per structure, on the whole slices of the masks' one grid.

    `patient` is the pseudonym that stands as name and identifier. DataError for no structure, or
    names that DICOM cannot hold.
    """
    check_named(structures)
    grid = structures[0].mask.grid
    seed = build_seed(structures, reference)
    instance = build_uid("segmentation", seed)
    file = Segmentation(
        source_images=[_build_source(grid, reference, k, patient) for k in range(grid.shape[2])],
        pixel_array=_find_used(structures, grid),
        segmentation_type="BINARY",
        segment_descriptions=[_describe(n, one) for n, one in enumerate(structures, start=1)],
        series_instance_uid=build_uid("series of the segmentation", seed),
        series_number=1,
        sop_instance_uid=instance,
        instance_number=1,
        manufacturer=SOFTWARE,
        manufacturer_model_name=SOFTWARE,
        software_versions="research",
        device_serial_number="0",
        content_label="RESEARCH_USE",
        content_description=RESEARCH_USE,
        specific_character_set="ISO_IR 192",
    )
    file.SeriesDescription = RESEARCH_USE
    file.ImageComments = describe_use(reference)
    _fill(file, structures, grid)
    _forget(file, reference, seed)
    file.PatientName = tidy_patient(patient)
    out = io.BytesIO()
    file.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _build_source(grid: Grid, reference: SeriesReference, k: int, patient: str) -> Dataset:
    """A slice of the CT as highdicom wants to know it: of one pixel, without any."""
    spacing, _, direction = grid.lps_geometry
    axes = np.array(direction).reshape(3, 3)
    place = (RAS_TO_LPS @ grid.affine) @ (0, 0, k, 1)
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = (
        reference.images[k]
        if reference.images
        else (CT_CLASS, build_uid(f"image {k}", reference.series_uid))
    )
    one.StudyInstanceUID, one.SeriesInstanceUID = reference.study_uid, reference.series_uid
    one.FrameOfReferenceUID, one.PositionReferenceIndicator = reference.frame_uid, ""
    one.PatientID, one.PatientName = tidy_patient(patient), ""
    one.PatientBirthDate = one.PatientSex = one.AccessionNumber = ""
    one.StudyID = one.StudyDate = one.StudyTime = ""
    one.Modality, one.Rows, one.Columns = "CT", 1, 1
    one.ImagePositionPatient = [_shorten(v) for v in place[:3]]
    one.ImageOrientationPatient = [_shorten(v) for v in (*axes[:, 0], *axes[:, 1])]
    one.PixelSpacing = [_shorten(spacing[1]), _shorten(spacing[0])]
    one.SliceThickness = _shorten(spacing[2])
    return one


def _shorten(value: float) -> float:
    """As many digits as the 16 bytes of a DS hold."""
    return float(f"{value + 0.0:.10g}")


def _find_used(structures: Sequence[NamedMask], grid: Grid) -> NDArray[np.uint8]:
    """(nk, 1, 1, structures): 1 where a structure has voxels on a slice; nothing at all is one."""
    used = np.zeros((grid.shape[2], 1, 1, len(structures)), dtype=np.uint8)
    for number, one in enumerate(structures):
        if not one.mask.is_empty:
            used[one.mask.slices[2], 0, 0, number] = one.mask.voxels.any(axis=(0, 1))
    if not used.any():
        used[0, 0, 0, 0] = 1
    return used


def _describe(number: int, one: NamedMask) -> SegmentDescription:
    kind = one.algorithm or "MANUAL"
    families = codes.cid7162
    family = families.ArtificialIntelligence if kind == "AUTOMATIC" else families.ManualProcessing
    category, type_ = _PROPERTIES[one.kind]
    description = SegmentDescription(
        segment_number=number,
        segment_label=one.name,
        segmented_property_category=category,
        segmented_property_type=type_,
        algorithm_type=kind,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=one.made_by[:LONG] or NOT_KNOWN,
            family=family,
            version=one.version[:LONG] or NOT_KNOWN,
        ),
        display_color=CIELabColor.from_rgb(*one.colour_rgb),
    )
    if kind == "MANUAL":
        del description.SegmentAlgorithmName
    return description


def _fill(file: Segmentation, structures: Sequence[NamedMask], grid: Grid) -> None:
    """Give each frame its bits: rows along j, columns along i, from the first slice as stored."""
    to_index = np.linalg.inv(RAS_TO_LPS @ grid.affine)
    shared = file.SharedFunctionalGroupsSequence[0]
    frames = []
    for item in file.PerFrameFunctionalGroupsSequence:
        # That of a single segment is said once, for all frames.
        holder = item if "SegmentIdentificationSequence" in item else shared
        number = int(holder.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
        place = [float(v) for v in item.PlanePositionSequence[0].ImagePositionPatient]
        frames.append((number - 1, round(float((to_index @ (*place, 1.0))[2]))))
    bits = bytearray()
    for start in range(0, len(frames), _TOGETHER):
        bits += _pack(structures, frames[start : start + _TOGETHER], grid)
    file.Rows, file.Columns = grid.shape[1], grid.shape[0]
    file.PixelData = bytes(bits) + b"\0" * (len(bits) % 2)
    file.SegmentsOverlap = "YES" if _overlap(structures, grid) else "NO"


def _pack(structures: Sequence[NamedMask], frames: Sequence[tuple[int, int]], grid: Grid) -> bytes:
    ni, nj, _ = grid.shape
    planes = np.zeros((len(frames), nj, ni), dtype=np.bool_)
    for plane, (number, k) in zip(planes, frames, strict=True):
        mask = structures[number].mask
        i, j, ks = mask.slices
        if ks.start <= k < ks.stop:
            plane[j, i] = mask.voxels[:, :, k - ks.start].T
    return np.packbits(planes, bitorder="little").tobytes()


def _overlap(structures: Sequence[NamedMask], grid: Grid) -> bool:
    """Whether any voxel is in two structures."""
    taken = np.zeros(grid.shape, dtype=np.bool_)
    for one in structures:
        box = taken[one.mask.slices]
        if (box & one.mask.voxels).any():
            return True
        box |= one.mask.voxels
    return False


def _forget(file: Segmentation, reference: SeriesReference, seed: str) -> None:
    """Take out what would tell the time or point to images that are not there."""
    file.ContentDate, file.ContentTime = DA(_NO_DATE), TM(_NO_TIME)
    del file.InstanceCreationDate, file.InstanceCreationTime, file.ContributingEquipmentSequence
    file.PatientIdentityRemoved = "YES"
    file.DeidentificationMethod = "Pseudonym; no element of the source was copied but UIDs"
    dimensions = UID(build_uid("dimensions", seed))
    for item in (*file.DimensionOrganizationSequence, *file.DimensionIndexSequence):
        item.DimensionOrganizationUID = dimensions
    for item in _walk(file) if not reference.images else ():
        for name in ("ReferencedSeriesSequence", "DerivationImageSequence"):
            if name in item:
                delattr(item, name)


def _walk(file: Segmentation) -> Iterator[Dataset]:
    yield file
    yield from file.PerFrameFunctionalGroupsSequence
