"""RTSTRUCT in: the centre rule by hand-computed squares, and a word for all that is not drawn."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.dicom.label_masks import build_label_mask
from han5k_review.imaging.dicom.labels import read_dicom_labels
from han5k_review.imaging.dicom.roi_masks import FillRule, LabelMask
from han5k_review.imaging.dicom.series import read_series_outline
from han5k_review.imaging.label_images import read_mask
from tests.imaging.dicom.writing import (
    FRAME,
    build_rtstruct,
    ct_grid,
    save_rtstruct,
    square,
)

GRID = ct_grid()


def draw(
    path: Path,
    *contours: NDArray[np.float64],
    kind: str = "CLOSED_PLANAR",
    rule: FillRule = FillRule.EVEN_ODD,
) -> LabelMask:
    file = save_rtstruct(build_rtstruct([("A", contours)], kind=kind), path / "rs.dcm")
    return build_label_mask(read_dicom_labels(file, FRAME).labels[0], GRID, rule)


def test_a_voxel_belongs_by_its_centre(tmp_path: Path) -> None:
    found = draw(tmp_path, square(GRID, 1.9, 4.1, 2), square(GRID, 2.1, 4.9, 3))
    expected = np.zeros(GRID.shape, dtype=bool)
    expected[2:5, 2:5, 2] = expected[3:5, 3:5, 3] = True
    np.testing.assert_array_equal(found.mask.dense(), expected)
    assert found.notices == ()


def test_a_contour_within_another_is_a_hole_and_its_size_is_said(tmp_path: Path) -> None:
    found = draw(tmp_path, square(GRID, 0.5, 7.5, 2), square(GRID, 2.5, 4.5, 2))
    assert found.mask.voxel_count == 49 - 4
    voxel_cc = 1.5 * 2 * 3 / 1000
    assert f"{4 * voxel_cc:.2f} cc" in found.notices[0]
    assert f"would hold {49 * voxel_cc:.2f} cc instead of {45 * voxel_cc:.2f}" in found.notices[0]


def test_by_the_union_a_contour_within_another_is_no_hole(tmp_path: Path) -> None:
    outer, crossing = square(GRID, 0.5, 7.5, 2), square(GRID, 4.5, 8.5, 2)
    found = draw(tmp_path, outer, crossing, rule=FillRule.UNION)
    voxel_cc = 1.5 * 2 * 3 / 1000
    assert found.mask.voxel_count == 49 + 16 - 9
    assert found.other is not None
    assert found.other.voxel_count == 49 + 16 - 2 * 9
    assert f"{9 * voxel_cc:.2f} cc less (holes)" in found.notices[0]


def test_a_keyhole_is_a_hole(tmp_path: Path) -> None:
    outer, inner = square(GRID, 0.5, 7.5, 2), square(GRID, 2.5, 4.5, 2)[::-1]
    keyhole = np.concatenate([outer, outer[:1], inner, inner[:1]])
    assert draw(tmp_path, keyhole).mask.voxel_count == 49 - 4


def test_contours_on_every_second_slice_are_left_so_and_counted(tmp_path: Path) -> None:
    found = draw(tmp_path, *(square(GRID, 1.5, 4.5, k) for k in (0, 2, 4)))
    assert sorted(set(np.nonzero(found.mask.dense())[2])) == [0, 2, 4]
    assert found.notices == (
        "2 of 5 slices between its first and last contour have none (it is contoured on every "
        "second slice); they are left empty",
    )


def test_contours_between_outside_and_at_the_sides_are_said(tmp_path: Path) -> None:
    found = draw(
        tmp_path,
        square(GRID, 1.5, 4.5, 1),
        square(GRID, 1.5, 4.5, 2.3),
        square(GRID, 1.5, 4.5, 9),
        square(GRID, -3.5, 4.5, 3),
    )
    assert found.mask.voxel_count == 9 + 9 + 25
    assert found.notices[:3] == (
        "1 contour not drawn, above or below the CT",
        "1 contour lies between slices, up to 0.90 mm from the nearest; they are drawn on the "
        "nearest",
        "1 contour cut off at the sides of the CT",
    )


def test_of_planes_closer_than_the_slices_the_nearest_counts(tmp_path: Path) -> None:
    found = draw(
        tmp_path, *(square(GRID, 1.5, 4.5, k) for k in (1.0, 1.33, 1.67, 2.0, 2.33, 2.67, 3.0))
    )
    assert found.mask.voxel_count == 3 * 9
    assert found.notices == ("4 contours not drawn, as another plane lies nearer to their slice",)


@pytest.mark.parametrize("kind", ["POINT", "OPEN_PLANAR", "OPEN_NONPLANAR"])
def test_what_encloses_nothing_is_said_and_not_drawn(tmp_path: Path, kind: str) -> None:
    found = draw(tmp_path, square(GRID, 1.5, 4.5, 1), kind=kind)
    assert found.mask.is_empty
    assert found.notices == (f"1 contour of type {kind} not drawn, as nothing is enclosed",)


def test_a_contour_that_leaves_its_slice_is_refused(tmp_path: Path) -> None:
    tilted = square(GRID, 1.5, 4.5, 1)
    tilted[0, 2] += 2
    tilted[1, 0] += 2
    with pytest.raises(GeometryError, match="leaves its slice by"):
        draw(tmp_path, tilted)


def test_rois_without_contours_are_empty(tmp_path: Path) -> None:
    dataset = build_rtstruct([("A", []), ("B", [square(GRID, 1.5, 4.5, 1)])])
    found = read_dicom_labels(save_rtstruct(dataset, tmp_path / "rs.dcm"))
    assert [(roi.name, len(roi.contours)) for roi in found.labels] == [("A", 0), ("B", 1)]
    assert build_label_mask(found.labels[0], GRID).mask.is_empty


def test_names_in_gb18030_are_read(tmp_path: Path) -> None:
    dataset = build_rtstruct([("左腮腺", [square(GRID, 1.5, 4.5, 1)])])
    dataset.SpecificCharacterSet = "GB18030"
    found = read_dicom_labels(save_rtstruct(dataset, tmp_path / "rs.dcm"))
    assert found.labels[0].name == "左腮腺"


def test_another_frame_of_reference_is_refused(tmp_path: Path) -> None:
    dataset = build_rtstruct([("A", [square(GRID, 1.5, 4.5, 1)])], frame="9.9.123456")
    file = save_rtstruct(dataset, tmp_path / "rs.dcm")
    with pytest.raises(GeometryError, match=r"\.\.\.123456: they belong to another image"):
        read_dicom_labels(file, FRAME)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1\\2\\nan\\4\\5\\6", "1 that are NaN or infinite"),
        (b"1\\2\\inf\\4\\5\\6", "1 that are NaN or infinite"),
        (b"1\\2\\3\\4\\5 ", "found 5 numbers"),
        (b"1\\2\\SECRET", "found other text"),
    ],
)
def test_coordinates_that_are_none_are_refused(tmp_path: Path, data: bytes, words: str) -> None:
    dataset = build_rtstruct([("A", [square(GRID, 1.5, 4.5, 1)])])
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    del contour.ContourData
    contour.add_new(0x30060050, "OB", data)
    file = save_rtstruct(dataset, tmp_path / "rs.dcm")
    with pytest.raises(DataError, match=words) as caught:
        read_dicom_labels(file)
    assert "contour 1 of ROI 1" in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_a_million_points_take_seconds(tmp_path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, 1_000_000, endpoint=False)
    circle = np.stack(
        [5 + 3.2 * np.cos(angle), 5 + 3.2 * np.sin(angle), np.full(angle.size, 2.0)], 1
    )
    points = GRID.points_ras_mm(circle) * (-1, -1, 1)
    dataset = build_rtstruct([("A", [square(GRID, 1.5, 4.5, 1)])])
    contour = dataset.ROIContourSequence[0].ContourSequence[0]
    del contour.ContourData
    contour.add_new(0x30060050, "OB", "\\".join(f"{v:.4f}" for v in points.ravel()).encode())
    file = save_rtstruct(dataset, tmp_path / "rs.dcm")
    start = time.perf_counter()
    found = build_label_mask(read_dicom_labels(file).labels[0], GRID).mask
    assert time.perf_counter() - start < 10
    i, j = np.meshgrid(np.arange(12), np.arange(10), indexing="ij")
    np.testing.assert_array_equal(found.dense()[:, :, 2], (i - 5) ** 2 + (j - 5) ** 2 < 3.2**2)


def test_the_real_structure_set_is_its_shipped_mask(shared_data: Path) -> None:
    """Not one of 17,090 voxels differs: the mask was made by the centre rule too."""
    folder = shared_data / "rtstruct-sts" / "STS_002" / "CT"
    outline = read_series_outline(folder / "dicom")
    found = read_dicom_labels(folder / "dicom", outline.frame_uid).labels
    assert [(roi.name, roi.kind) for roi in found] == [("GTV_Mass_CT", "GTV")]
    mask = build_label_mask(found[0], outline.grid)
    shipped = read_mask(folder / "nifti" / "mask" / "mask.nii.gz", outline.grid)
    assert mask.notices == ()
    assert int(np.count_nonzero(mask.mask.dense() ^ shipped.dense())) == 0
    assert shipped.voxel_count == 17090
