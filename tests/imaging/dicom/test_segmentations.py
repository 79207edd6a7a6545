"""Masks -> SEG -> masks, identical; SEGs of another writer; and a reader that is not ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pydicom.sr.codedict import codes

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.named_masks import NamedMask
from han5k_review.imaging.dicom.references import SeriesReference, build_series_reference
from han5k_review.imaging.dicom.segmentations import build_segmentation
from han5k_review.imaging.dicom.segments import Segment
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from tests.imaging.dicom.test_round_trip import SHAPE, SYNTHETIC, grids, named
from tests.imaging.dicom.writing import FRAME, SERIES, STUDY, build_slices, ct_grid, write_series


def write(
    path: Path, structures: Sequence[NamedMask], reference: SeriesReference = SYNTHETIC
) -> Path:
    path.write_bytes(build_segmentation(structures, reference, patient="P1"))
    return path


@settings(max_examples=25, deadline=None)
@given(first=arrays(np.bool_, SHAPE), second=arrays(np.bool_, SHAPE), grid=grids(SHAPE))
def test_any_overlapping_masks_on_any_grid_come_back_bit_for_bit(
    tmp_path_factory: pytest.TempPathFactory,
    first: NDArray[np.bool_],
    second: NDArray[np.bool_],
    grid: Grid,
) -> None:
    structures = [named(first, grid, "A"), named(second, grid, "B"), named(first * 0, grid, "C")]
    file = write(tmp_path_factory.getbasetemp() / "any.dcm", structures)
    found = read_dicom_labels(file).labels
    assert [one.name for one in found] == ["A", "B", "C"]
    for label, one in zip(found, structures, strict=True):
        assert build_label_mask(label, grid).mask.sha256 == one.mask.sha256
    overlap = "YES" if (first & second).any() else "NO"
    assert pydicom.dcmread(file).SegmentsOverlap == overlap


@pytest.fixture
def two() -> list[NamedMask]:
    """Two structures that overlap, in a grid whose slices are no whole bytes of bits."""
    grid = ct_grid((11, 9, 6))
    dense = np.zeros((2, *grid.shape), dtype=bool)
    dense[0, 2:7, 1:8, 1:4] = True
    dense[0, 4, 4, 2] = False
    dense[1, 5:11, 3:9, 3:6] = True
    masks = [StructureMask.from_dense(one, grid) for one in dense]
    return [
        NamedMask(
            name="Parotid_L",
            mask=masks[0],
            colour_rgb=(255, 0, 128),
            algorithm="AUTOMATIC",
            made_by="nnU-Net 3",
            version="label version 12",
        ),
        NamedMask(name="Eye_L", mask=masks[1], colour_rgb=(0, 255, 0), algorithm="MANUAL"),
    ]


def test_another_reader_finds_the_voxels_and_the_maker(
    two: list[NamedMask], tmp_path: Path
) -> None:
    ct = write_series(tmp_path / "ct", grid=two[0].mask.grid)
    reference = build_series_reference(read_series_outline(ct), two[0].mask.grid)
    file = hd.seg.segread(write(tmp_path / "seg.dcm", two, reference))
    assert (file.StudyInstanceUID, file.FrameOfReferenceUID) == (STUDY, FRAME)
    assert (str(file.PatientName), file.PatientID) == ("P1", "P1")
    series = file.ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == SERIES
    # Frames by the images that they name, in the order of the CT's slices.
    images = [f"{SERIES}.{k + 1}" for k in range(6)]
    found = file.get_pixels_by_source_instance(images, assert_missing_frames_are_empty=True)
    for number, one in enumerate(two):
        expected = one.mask.dense().transpose(2, 1, 0)
        np.testing.assert_array_equal(found[:, :, :, number] == 1, expected)
    volume = file.get_volume(combine_segments=False)
    np.testing.assert_allclose(
        np.array(file.get_volume_geometry().spacing), np.array([3.0, 2.0, 1.5])
    )
    assert int(volume.array.sum()) == sum(one.mask.voxel_count for one in two)
    described = file.get_segment_description(1)
    maker = described.algorithm_identification
    assert (described.segment_label, described.algorithm_type.value) == ("Parotid_L", "AUTOMATIC")
    assert (maker.name, maker.version) == ("nnU-Net 3", "label version 12")
    assert described.RecommendedDisplayCIELabValue[0] > 0


def test_the_same_masks_give_the_same_bytes_and_no_time(two: list[NamedMask]) -> None:
    content = build_segmentation(two, SYNTHETIC, patient="P1")
    assert content == build_segmentation(two, SYNTHETIC, patient="P1")
    assert content[:132] == bytes(128) + b"DICM"


def test_without_a_source_no_image_is_named(two: list[NamedMask], tmp_path: Path) -> None:
    file = pydicom.dcmread(write(tmp_path / "seg.dcm", two))
    assert "ReferencedSeriesSequence" not in file
    assert "made up" in file.ImageComments


def test_the_maker_is_read_and_without_voxels_only_names(
    two: list[NamedMask], tmp_path: Path
) -> None:
    file = write(tmp_path / "seg.dcm", two)
    found = read_dicom_labels(file, voxels=False)
    assert [one.name for one in found.labels] == ["Parotid_L", "Eye_L"]
    assert [one.maker.describe() for one in found.labels if isinstance(one, Segment)] == [
        "AUTOMATIC, nnU-Net 3, label version 12",
        "MANUAL",
    ]
    assert build_label_mask(found.labels[0], two[0].mask.grid).mask.is_empty


def write_other(path: Path, values: NDArray[np.generic], kind: str, grid: Grid) -> Path:
    """A SEG by highdicom alone: `values` (nk, nj, ni) of one segment, or a label map."""
    describe = [
        hd.seg.SegmentDescription(
            segment_number=n,
            segment_label=f"S{n}",
            segmented_property_category=codes.SCT.AnatomicalStructure,
            segmented_property_type=codes.SCT.Organ,
            algorithm_type="MANUAL",
        )
        for n in ((1,) if kind != "LABELMAP" else (1, 2))
    ]
    slices = build_slices(np.zeros(grid.shape, dtype=np.int16), grid)
    for one in slices:
        one.PatientBirthDate = one.PatientSex = one.AccessionNumber = ""
        one.StudyID = one.StudyDate = one.StudyTime = ""
    file = hd.seg.Segmentation(
        slices,
        values,
        kind,
        describe,
        hd.UID(),
        1,
        hd.UID(),
        1,
        "other",
        "other",
        "1",
        "1",
        max_fractional_value=100,
    )
    file.save_as(path)
    return path


def test_a_label_map_and_fractions_are_read(tmp_path: Path) -> None:
    grid = ct_grid((12, 10, 6))
    values = np.zeros((6, 10, 12), dtype=np.uint8)
    values[1:3, 2:5, 3:6] = 1
    values[2:5, 5:8, 6:9] = 2
    found = read_dicom_labels(write_other(tmp_path / "map.dcm", values, "LABELMAP", grid), FRAME)
    for label, value in zip(found.labels, (1, 2), strict=True):
        mask = build_label_mask(label, grid).mask
        np.testing.assert_array_equal(mask.dense(), (values == value).transpose(2, 1, 0))
    shares = np.zeros((6, 10, 12))
    shares[1:3, 2:5, 3:6], shares[2, 2, 3], shares[1, 2, 3] = 0.8, 0.49, 0.5
    file = write_other(tmp_path / "fraction.dcm", shares, "FRACTIONAL", grid)
    built = build_label_mask(read_dicom_labels(file).labels[0], grid)
    np.testing.assert_array_equal(built.mask.dense(), (shares >= 0.5).transpose(2, 1, 0))
    assert "one half and more" in built.notices[0]


def test_frames_in_other_axes_are_turned_exactly(tmp_path: Path) -> None:
    """A SEG whose slices run from the head down, rows mirrored: the same voxels."""
    grid = ct_grid((12, 10, 6))
    turned = Grid.from_affine(
        (12, 10, 6),
        grid.affine @ np.array([[-1, 0, 0, 11], [0, 1, 0, 0], [0, 0, -1, 5.0], [0, 0, 0, 1]]),
    )
    dense = np.random.default_rng(3).random(grid.shape) < 0.2
    values = dense[::-1, :, ::-1].transpose(2, 1, 0).astype(np.uint8)
    file = write_other(tmp_path / "turned.dcm", values, "BINARY", turned)
    found = build_label_mask(read_dicom_labels(file).labels[0], grid).mask
    np.testing.assert_array_equal(found.dense(), dense)


def test_another_grid_frame_or_a_cut_off_file_is_refused(
    two: list[NamedMask], tmp_path: Path
) -> None:
    file = write(tmp_path / "seg.dcm", two)
    label = read_dicom_labels(file).labels[0]
    moved = Grid.from_affine(two[0].mask.grid.shape, two[0].mask.grid.affine + _shift(0.4))
    with pytest.raises(GeometryError, match="the labels are"):
        build_label_mask(label, moved)
    with pytest.raises(GeometryError, match="another image"):
        read_dicom_labels(file, "9.9.123456")
    dataset = pydicom.dcmread(file)
    dataset.PixelData = dataset.PixelData[:8]
    dataset.save_as(tmp_path / "cut.dcm")
    with pytest.raises(DataError, match="cut off"):
        read_dicom_labels(tmp_path / "cut.dcm")
    del dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence
    dataset.save_as(tmp_path / "nowhere.dcm")
    with pytest.raises(DataError, match="found 1 of"):
        read_dicom_labels(tmp_path / "nowhere.dcm")


def _shift(mm: float) -> NDArray[np.float64]:
    change = np.zeros((4, 4))
    change[0, 3] = mm
    return change


def test_slices_beyond_the_ct_are_left_out_and_counted(
    two: list[NamedMask], tmp_path: Path
) -> None:
    label = read_dicom_labels(write(tmp_path / "seg.dcm", two)).labels[1]
    shorter = two[1].mask.grid.cropped((0, 0, 0), (11, 9, 4))
    built = build_label_mask(label, shorter)
    np.testing.assert_array_equal(built.mask.dense(), two[1].mask.dense()[:, :, :4])
    assert built.notices == ("2 slices of it left out, above or below the CT",)
