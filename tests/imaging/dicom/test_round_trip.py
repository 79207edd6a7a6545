"""Masks -> RTSTRUCT -> masks: identical, whatever the mask and the grid."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.named_masks import NamedMask
from han5k_review.imaging.dicom.references import (
    build_series_reference,
    build_synthetic_reference,
)
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.imaging.dicom.structure_sets import build_structure_set
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from tests.imaging.dicom.writing import FRAME, SERIES, STUDY, ct_grid, write_series

SYNTHETIC = build_synthetic_reference("a CT")


def named(dense: NDArray[np.generic], grid: Grid, name: str = "Parotid_L") -> NamedMask:
    mask = StructureMask.from_dense(dense, grid)
    return NamedMask(name=name, mask=mask, colour_rgb=(255, 0, 128))


def come_back(structures: list[NamedMask], *, keyholes: bool = False) -> None:
    """Assert that each mask comes back bit for bit under its name; with keyholes by any rule."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rs.dcm"
        file.write_bytes(
            build_structure_set(structures, SYNTHETIC, patient="P1", keyholes=keyholes)
        )
        found = read_dicom_labels(file)
        assert [roi.name for roi in found.labels] == [one.name for one in structures]
        for roi, one in zip(found.labels, structures, strict=True):
            back = build_label_mask(roi, one.mask.grid)
            assert back.mask.sha256 == one.mask.sha256
            assert back.other is None or not keyholes
            assert roi.kind == "ORGAN"


@st.composite
def grids(draw: st.DrawFn, shape: tuple[int, int, int]) -> Grid:
    """Any spacing, origin and turn: from a rotation by three angles."""
    angles = [draw(st.floats(-0.5, 0.5)) for _ in range(3)]
    turn = np.eye(3)
    for axis, angle in enumerate(angles):
        one = np.eye(3)
        p, q = (n for n in range(3) if n != axis)
        one[p, p] = one[q, q] = np.cos(angle)
        one[p, q], one[q, p] = -np.sin(angle), np.sin(angle)
        turn = turn @ one
    spacing = [draw(st.sampled_from([0.1, 0.4883, 0.9765625, 1, 1.171875, 5])) for _ in range(3)]
    origin = [draw(st.floats(-2000, 2000)) for _ in range(3)]
    return Grid.from_lps(shape, spacing, origin, turn.ravel())


SHAPE = (9, 8, 4)


@settings(max_examples=150, deadline=None)
@given(dense=arrays(np.bool_, SHAPE), grid=grids(SHAPE))
def test_any_mask_on_any_grid_comes_back_bit_for_bit(dense: NDArray[np.bool_], grid: Grid) -> None:
    come_back([named(dense, grid)])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0.1, 0.95), grid=grids((16, 15, 2)))
def test_keyholes_are_the_mask_by_any_rule_of_filling(seed: int, share: float, grid: Grid) -> None:
    dense = np.random.default_rng(seed).random(grid.shape) < share
    come_back([named(dense, grid)], keyholes=True)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sigma=st.floats(0, 4), share=st.floats(0.01, 0.99))
def test_blobs_with_holes_and_islands_come_back(seed: int, sigma: float, share: float) -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).random((30, 28, 3)), sigma)
    dense = noise < np.quantile(noise, share)
    come_back([named(dense, ct_grid((30, 28, 3)))])


def test_diagonal_touches_rings_and_single_voxels_come_back() -> None:
    grid = ct_grid((12, 10, 6))
    dense = np.zeros(grid.shape, dtype=bool)
    dense[0, 0, 0] = dense[11, 9, 5] = True
    dense[2, 2, 1] = dense[3, 3, 1] = dense[4, 2, 1] = dense[3, 1, 1] = True
    dense[2:9, 2:9, 3] = True
    dense[3:8, 3:8, 3] = False
    dense[5, 5, 3] = True
    masks = [named(dense, grid), named(~dense, grid, "Parotid_R"), named(dense * 0, grid, "Eye")]
    for keyholes in (False, True):
        come_back(masks, keyholes=keyholes)


def test_real_contours_come_back(shared_data: Path) -> None:
    from han5k_review.imaging.ct_files import read_ct  # noqa: PLC0415

    folder = shared_data / "openkbp"
    labels = read_ct(folder / "pt_100_oars.nii.gz")
    values = range(1, int(labels.hu.max()) + 1)
    come_back([named(labels.hu == value, labels.grid, f"Organ {value}") for value in values])


def test_the_same_masks_give_the_same_bytes_and_no_date() -> None:
    dense = np.zeros((12, 10, 6), dtype=bool)
    dense[2:5, 2:5, 2:4] = True
    structures = [named(dense, ct_grid())]
    content = build_structure_set(structures, SYNTHETIC, patient="P1")
    assert content == build_structure_set(structures, SYNTHETIC, patient="P1")
    assert content[:132] == bytes(128) + b"DICM"


def test_the_file_says_what_it_is_and_names_its_images(tmp_path: Path) -> None:
    outline = read_series_outline(write_series(tmp_path / "ct"))
    reference = build_series_reference(outline, ct_grid())
    dense = np.zeros((12, 10, 6), dtype=bool)
    dense[2:5, 2:5, 2:4] = True
    one = NamedMask(
        name="Parotid_L",
        mask=StructureMask.from_dense(dense, ct_grid()),
        colour_rgb=(255, 0, 128),
        algorithm="AUTOMATIC",
        made_by="nnU-Net 3",
    )
    file = tmp_path / "rs.dcm"
    file.write_bytes(build_structure_set([one], reference, patient="P1"))
    read = pydicom.dcmread(file)
    assert (read.StudyInstanceUID, read.FrameOfReferenceUID) == (STUDY, FRAME)
    assert (str(read.PatientName), read.PatientID) == ("P1", "P1")
    assert read.StructureSetDescription == "Research use only. Not a medical device."
    series = read.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    assert series.RTReferencedSeriesSequence[0].SeriesInstanceUID == SERIES
    contours = read.ROIContourSequence[0].ContourSequence
    images = [c.ContourImageSequence[0].ReferencedSOPInstanceUID for c in contours]
    assert images == [f"{SERIES}.3", f"{SERIES}.4"]
    heights = [float(c.ContourData[2]) for c in contours]
    assert heights == [-310.75 + 2 * 3, -310.75 + 3 * 3]
    assert list(read.ROIContourSequence[0].ROIDisplayColor) == [255, 0, 128]
    roi = read.StructureSetROISequence[0]
    assert (roi.ROIGenerationAlgorithm, roi.ROIGenerationDescription) == ("AUTOMATIC", "nnU-Net 3")
    assert all(len(part) <= 16 for c in contours for part in str_parts(c))


def str_parts(contour: pydicom.Dataset) -> list[str]:
    return [str(value) for value in contour.ContourData]


def test_another_series_or_no_structure_is_refused(tmp_path: Path) -> None:
    outline = read_series_outline(write_series(tmp_path / "ct"))
    with pytest.raises(GeometryError, match="the series of the case's CT"):
        build_series_reference(outline, ct_grid((12, 10, 5)))
    with pytest.raises(DataError, match="At least one structure"):
        build_structure_set([], SYNTHETIC, patient="P1")
