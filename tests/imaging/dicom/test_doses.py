"""RTDOSE: the dose of a formula is found again at every voxel; what is no dose is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.doses import DOSE_CLASS, read_dose
from han5k_review.imaging.mask import StructureMask
from tests.imaging.dicom.writing import FRAME, NAME, ct_grid, save

STEP = 2e-6
CORNER, SPACING, SHAPE = (-45.1, -75.3, -314.2), (2.5, 2.5, 2.6), (14, 16, 8)


def formula(points_lps_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """Gray, linear in the coordinates: what trilinear interpolation gives back exactly."""
    return np.asarray(40 + points_lps_mm @ (0.2, -0.1, 0.05))


def build_rtdose(change: Callable[[Dataset], None] | None = None) -> Dataset:
    """A dose by `formula`, in 32 bits, its planes from the feet up."""
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    gy = formula(index * SPACING + CORNER)
    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID, one.Modality = DOSE_CLASS, "1.2.3.77", "RTDOSE"
    one.PatientName, one.PatientID, one.FrameOfReferenceUID = NAME, "SECRET-ID", FRAME
    one.ImagePositionPatient, one.ImageOrientationPatient = list(CORNER), [1, 0, 0, 0, 1, 0]
    one.PixelSpacing = [SPACING[1], SPACING[0]]
    one.GridFrameOffsetVector = [SPACING[2] * k for k in range(SHAPE[2])]
    one.DoseUnits, one.DoseType, one.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    one.DoseGridScaling = STEP
    one.NumberOfFrames, one.Rows, one.Columns = SHAPE[2], SHAPE[1], SHAPE[0]
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = 32
    one.HighBit, one.PixelRepresentation = 31, 0
    one.PixelData = np.rint(gy.transpose(2, 1, 0) / STEP).astype("<u4").tobytes()
    one["PixelData"].VR = "OW"
    if change is not None:
        change(one)
    return one


def ct_mask() -> StructureMask:
    dense = np.zeros(ct_grid().shape, dtype=bool)
    dense[2:9, 1:7, 1:5] = True
    return StructureMask.from_dense(dense, ct_grid())


def expected() -> NDArray[np.float64]:
    mask = ct_mask()
    voxels = np.argwhere(mask.voxels) + np.array(mask.start_ijk)
    return formula(mask.grid.points_ras_mm(voxels) * (-1, -1, 1))


def absolute(one: Dataset) -> None:
    one.GridFrameOffsetVector = [CORNER[2] + v for v in one.GridFrameOffsetVector]


def from_the_head(one: Dataset) -> None:
    planes = np.frombuffer(one.PixelData, dtype="<u4").reshape(SHAPE[2], -1)
    one.PixelData = planes[::-1].tobytes()
    one.ImagePositionPatient = [*CORNER[:2], CORNER[2] + SPACING[2] * (SHAPE[2] - 1)]
    one.GridFrameOffsetVector = [-SPACING[2] * k for k in range(SHAPE[2])]


@pytest.mark.parametrize("change", [None, absolute, from_the_head])
def test_the_dose_of_a_formula_is_found_at_every_voxel(
    tmp_path: Path, change: Callable[[Dataset], None] | None
) -> None:
    found = read_dose(save(build_rtdose(change), tmp_path / "dose.dcm"), FRAME)
    assert found.notices == ()
    np.testing.assert_allclose(found.volume.sample(ct_mask()), expected(), atol=1e-4)


def test_beyond_the_dose_grid_no_dose_is_known(tmp_path: Path) -> None:
    dose = read_dose(save(build_rtdose(), tmp_path / "dose.dcm")).volume
    whole = StructureMask.from_dense(np.ones(dose.grid.shape), dose.grid)
    assert np.isfinite(dose.sample(whole)).all()
    wide = ct_grid((60, 10, 6))
    inside = np.isfinite(dose.sample(StructureMask.from_dense(np.ones(wide.shape), wide)))
    last = CORNER[0] + SPACING[0] * (SHAPE[0] - 1)
    columns = int(np.count_nonzero(-40.25 + 1.5 * np.arange(60) <= last))
    assert np.count_nonzero(inside) == columns * 10 * np.count_nonzero(
        -310.75 + 3 * np.arange(6) <= CORNER[2] + SPACING[2] * (SHAPE[2] - 1)
    )


@pytest.mark.parametrize(
    ("name", "value", "error", "said"),
    [
        ("DoseUnits", "RELATIVE", DataError, "relative units"),
        ("DoseGridScaling", "0", DataError, "scaling above 0"),
        ("DoseGridScaling", "1", DataError, "scaling may be wrong"),
        ("GridFrameOffsetVector", [0, 2, 4, 6, 8, 10, 12, 15], GeometryError, "from 2.000 to 3.0"),
        ("FrameOfReferenceUID", "9.9.123456", GeometryError, "...123456"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.2", DataError, "another DICOM file"),
        ("PixelData", b"\0" * 8, DataError, "damaged or cut off"),
    ],
)
def test_what_is_no_dose_of_this_ct_is_refused_without_a_name(
    tmp_path: Path, name: str, value: object, error: type[Exception], said: str
) -> None:
    file = save(build_rtdose(lambda one: setattr(one, name, value)), tmp_path / "dose.dcm")
    with pytest.raises(error, match=said.replace(".", r"\.")) as refused:
        read_dose(file, FRAME)
    assert "SECRET" not in str(refused.value)


def test_what_a_person_should_know_is_said(tmp_path: Path) -> None:
    def change(one: Dataset) -> None:
        one.DoseSummationType, one.DoseType = "FRACTION", "EFFECTIVE"

    notices = read_dose(save(build_rtdose(change), tmp_path / "dose.dcm")).notices
    assert [
        words in notice
        for words, notice in zip(
            ("cannot be told", "summation: FRACTION", "not physical"), notices, strict=True
        )
    ] == [True] * 3
