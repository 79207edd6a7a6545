"""Multi-label maps and single masks: unions, unknown values, other grids, odd number types."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from han5k_review.errors import DataError, GeometryError
from han5k_review.imaging.ct_files import read_ct
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import list_mask_files, read_mask, read_multi_label
from tests.imaging.header_writers import sound_nifti
from tests.imaging.phantoms import (
    AFFINE_LPS_AXES,
    SHAPE,
    phantom_grid,
    phantom_labels,
    write_image,
    write_phantom,
)


def test_a_structure_is_the_union_of_its_values(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "labels.nii.gz", phantom_labels())
    masks = read_multi_label(path, phantom_grid(), {"all": {1, 2, 3}, "none": {9}}, range(10))
    assert np.array_equal(masks["all"].dense(), phantom_labels() > 0)
    assert masks["none"].is_empty


def test_unknown_values_are_named_with_their_file(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "labels.mha", phantom_labels())
    with pytest.raises(DataError, match=r"labels\.mha: .* found 2, 3; add them"):
        read_multi_label(path, phantom_grid(), {"left": {1}}, {1})


def test_many_unknown_values_are_counted(tmp_path: Path) -> None:
    labels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    with pytest.raises(DataError, match="12 and 302 more"):
        read_multi_label(write_phantom(tmp_path / "l.mha", labels), phantom_grid(), {}, set())


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
def test_labels_of_any_number_type_are_read(tmp_path: Path, dtype: str) -> None:
    path = write_phantom(tmp_path / "labels.nrrd", phantom_labels().astype(dtype))
    masks = read_multi_label(path, phantom_grid(), {"left": {1}}, {1, 2, 3})
    assert np.array_equal(masks["left"].dense(), phantom_labels() == 1)


def test_label_values_may_be_large(tmp_path: Path) -> None:
    labels = phantom_labels().astype(np.int32) * 1_000_003
    path = write_phantom(tmp_path / "labels.nrrd", labels)
    known = {1_000_003, 2_000_006, 3_000_009}
    masks = read_multi_label(path, phantom_grid(), {"right": {2_000_006}}, known)
    assert np.array_equal(masks["right"].dense(), phantom_labels() == 2)


def test_negative_and_broken_labels_are_refused(tmp_path: Path) -> None:
    negative = phantom_labels().astype(np.int16) - 1
    with pytest.raises(DataError, match="found -1, 2; add them"):
        read_multi_label(
            write_phantom(tmp_path / "n.mha", negative), phantom_grid(), {"left": {1}}, {1}
        )
    for value in (0.5, np.nan):
        broken = phantom_labels().astype(np.float32)
        broken[0, 0, 0] = value
        with pytest.raises(DataError, match="whole numbers"):
            read_mask(write_phantom(tmp_path / "f.mha", broken), phantom_grid())


def test_a_mask_with_two_values_is_refused(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "ParotidL.nii.gz", phantom_labels())
    with pytest.raises(
        DataError, match=r"ParotidL\.nii\.gz: .*the values 1, 2, 3; give a label map"
    ):
        read_mask(path, phantom_grid())


def test_an_empty_mask_is_read_as_empty(tmp_path: Path) -> None:
    path = write_phantom(tmp_path / "m.nii.gz", np.zeros(SHAPE, np.uint8))
    assert read_mask(path, phantom_grid()).is_empty


@pytest.mark.parametrize("change", ["shape", "origin", "spacing"])
def test_labels_on_another_grid_are_refused_with_both_geometries(
    tmp_path: Path, change: str
) -> None:
    labels, affine = phantom_labels(), AFFINE_LPS_AXES.copy()
    if change == "shape":
        labels = np.pad(labels, ((0, 0), (0, 0), (0, 1)))
    elif change == "origin":
        affine[0, 3] += 1.5
    else:
        affine[2, 2] = 2.5
    path = write_image(tmp_path / "labels.nii.gz", labels, affine)
    with pytest.raises(GeometryError) as caught:
        read_multi_label(path, phantom_grid(), {"left": {1}}, {1, 2, 3})
    other = Grid.from_affine(labels.shape, affine)
    assert phantom_grid().describe() in str(caught.value)
    assert other.describe() in str(caught.value)
    assert "labels.nii.gz" in str(caught.value)


def test_rounding_in_a_header_is_no_other_grid(tmp_path: Path) -> None:
    affine = AFFINE_LPS_AXES.copy()
    affine[:3, 3] += 0.02
    path = write_image(tmp_path / "labels.mha", phantom_labels(), affine)
    masks = read_multi_label(path, phantom_grid(), {"left": {1}}, {1, 2, 3})
    assert masks["left"].grid == phantom_grid()


def test_only_image_files_of_a_folder_are_masks(tmp_path: Path) -> None:
    for name in ("b.nii.gz", "a.nrrd", "notes.txt", ".hidden.nii.gz"):
        (tmp_path / name).write_bytes(b"x")
    assert [f.name for f in list_mask_files(tmp_path)] == ["a.nrrd", "b.nii.gz"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="one mask file per structure"):
        list_mask_files(tmp_path / "empty")


def test_a_real_multi_label_map_keeps_left_and_right_apart(shared_data: Path) -> None:
    folder = shared_data / "totalseg"
    grid = read_ct(folder / "example_ct_sm.nii.gz").grid
    known = range(1, 118)
    masks = read_multi_label(
        folder / "example_seg.nii.gz", grid, {str(v): {v} for v in known}, known
    )
    assert sum(not mask.is_empty for mask in masks.values()) == 41
    names = {"spleen": "1", "kidney right": "2", "liver": "5", "stomach": "6", "cord": "79"}
    centres = {name: np.array(masks[value].centre_ijk()) for name, value in names.items()}
    assert centres["spleen"][0] > centres["liver"][0], "i grows to the left"
    assert centres["cord"][1] > centres["stomach"][1], "j grows to the back"
    assert centres["liver"][2] > centres["kidney right"][2], "k grows to the head"


def test_what_32_bits_leave_open_in_a_scaled_mask_is_no_fraction(tmp_path: Path) -> None:
    inside = phantom_labels() == 1
    stored = np.where(inside, 255, 0).astype(np.uint8)
    mask = replace(sound_nifti(stored, AFFINE_LPS_AXES), slope=1 / 255)
    path = mask.write(tmp_path / "mask.nii.gz")
    oracle = np.asanyarray(nib.load(path).dataobj)
    assert oracle.max() != 1
    assert round(float(oracle.max()), 6) == 1
    assert np.array_equal(read_mask(path, phantom_grid()).dense(), inside)


@pytest.mark.parametrize("value", [0.99999, 1.00001, 7.0001])
def test_a_fraction_near_a_whole_number_is_refused(tmp_path: Path, value: float) -> None:
    labels = np.where(phantom_labels() == 1, value, 0).astype(np.float32)
    with pytest.raises(DataError, match="found fractions"):
        read_mask(write_phantom(tmp_path / "mask.mha", labels), phantom_grid())


def test_a_label_beyond_31_bits_is_not_called_a_fraction(tmp_path: Path) -> None:
    labels = np.where(phantom_labels() == 1, 3e9, 0).astype(np.float32)
    with pytest.raises(DataError, match="labels below 2147483648 were expected, found 3000000000"):
        read_mask(write_phantom(tmp_path / "mask.mha", labels), phantom_grid())
