"""The tests' own DICOM writer: phantoms as CT series and structure sets, with any defect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from han5k_review.imaging.grid import Grid

CT = "1.2.840.10008.5.1.4.1.1.2"
RTSTRUCT = "1.2.840.10008.5.1.4.1.1.481.3"
STUDY, SERIES, FRAME = "1.2.3.1", "1.2.3.2", "1.2.3.3"
NAME = "SECRET^PATIENT"
Change = Callable[[int, Dataset], None]


def ct_grid(shape: tuple[int, int, int] = (12, 10, 6)) -> Grid:
    return Grid.from_lps(shape, (1.5, 2.0, 3.0), (-40.25, -71.5, -310.75), np.eye(3).ravel())


def ct_hu(shape: tuple[int, int, int] = (12, 10, 6)) -> NDArray[np.int16]:
    """Every voxel has its own value, air and bone among them."""
    return (np.arange(np.prod(shape)).reshape(shape) * 3 - 1000).astype(np.int16)


def build_slices(
    hu: NDArray[np.int16], grid: Grid, *, slope: float = 1.0, intercept: float = -1024.0
) -> list[Dataset]:
    """One dataset per slice of `hu` (ni, nj, nk), unsigned 16 bits, as scanners write them."""
    spacing, origin, direction = grid.lps_geometry
    axes = np.array(direction).reshape(3, 3)
    slices = []
    for k in range(grid.shape[2]):
        one = Dataset()
        one.SOPClassUID, one.SOPInstanceUID = CT, f"{SERIES}.{k + 1}"
        one.Modality, one.ImageType = "CT", ["ORIGINAL", "PRIMARY", "AXIAL"]
        one.PatientName, one.PatientID, one.PatientPosition = NAME, "SECRET-ID", "HFS"
        one.StudyInstanceUID, one.SeriesInstanceUID, one.FrameOfReferenceUID = STUDY, SERIES, FRAME
        one.SeriesNumber, one.InstanceNumber = 3, k + 1
        one.ImagePositionPatient = [float(v) for v in origin + axes[:, 2] * spacing[2] * k]
        one.ImageOrientationPatient = [float(v) for v in (*axes[:, 0], *axes[:, 1])]
        one.PixelSpacing = [spacing[1], spacing[0]]
        one.SliceThickness = spacing[2]
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.Rows, one.Columns = grid.shape[1], grid.shape[0]
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 0
        one.RescaleSlope, one.RescaleIntercept, one.RescaleType = slope, intercept, "HU"
        stored = np.rint((hu[:, :, k].T.astype(float) - intercept) / slope)
        one.PixelData = stored.astype("<u2").tobytes()
        one["PixelData"].VR = "OW"
        slices.append(one)
    return slices


def save(dataset: Dataset, path: Path, *, syntax: UID = ExplicitVRLittleEndian) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if "TransferSyntaxUID" not in getattr(dataset, "file_meta", {}):
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_series(
    folder: Path,
    hu: NDArray[np.int16] | None = None,
    grid: Grid | None = None,
    *,
    change: Change | None = None,
    slope: float = 1.0,
) -> Path:
    """A series whose file names tell nothing of the order; `change(k, dataset)` plants a defect."""
    grid = ct_grid() if grid is None else grid
    slices = build_slices(ct_hu(grid.shape) if hu is None else hu, grid, slope=slope)
    for k, one in enumerate(slices):
        if change is not None:
            change(k, one)
        save(one, folder / f"{(k * 7 + 3) % len(slices):03d}.dcm")
    return folder


def build_rtstruct(
    rois: Sequence[tuple[str, Sequence[NDArray[np.floating]]]],
    *,
    frame: str = FRAME,
    kind: str = "CLOSED_PLANAR",
) -> Dataset:
    """A structure set of named ROIs, each a list of contours (n, 3) in LPS mm."""
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID, one.Modality = RTSTRUCT, generate_uid(), "RTSTRUCT"
    one.PatientName, one.PatientID = NAME, "SECRET-ID"
    one.StudyInstanceUID, one.SeriesInstanceUID = STUDY, "1.2.3.9"
    one.StructureSetLabel = "SECRET LABEL"
    names, contours, observations = [], [], []
    for number, (name, polygons) in enumerate(rois, start=1):
        roi = Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, frame
        roi.ROIDescription = "SECRET DESCRIPTION"
        names.append(roi)
        item = Dataset()
        item.ReferencedROINumber = number
        item.ContourSequence = DicomSequence(_build_contour(p, kind) for p in polygons)
        if polygons:
            contours.append(item)
        seen = Dataset()
        seen.ObservationNumber = seen.ReferencedROINumber = number
        seen.RTROIInterpretedType, seen.ROIInterpreter = "ORGAN", "SECRET^DOCTOR"
        observations.append(seen)
    one.StructureSetROISequence = DicomSequence(names)
    one.ROIContourSequence = DicomSequence(contours)
    one.RTROIObservationsSequence = DicomSequence(observations)
    return one


def _build_contour(points: NDArray[np.floating], kind: str) -> Dataset:
    contour = Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = kind, len(points)
    contour.ContourData = [f"{v:.6f}" for v in np.asarray(points).ravel()]
    return contour


def save_rtstruct(dataset: Dataset, path: Path) -> Path:
    return save(dataset, path, syntax=ImplicitVRLittleEndian)


def square(grid: Grid, low: float, high: float, k: float) -> NDArray[np.float64]:
    """A square of index coordinates `low` to `high` in i and j on plane `k`, in LPS mm."""
    corners = np.array([[low, low, k], [high, low, k], [high, high, k], [low, high, k]])
    return grid.points_ras_mm(corners) * (-1, -1, 1)
