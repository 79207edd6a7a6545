"""A label file on its CT: the whole grid or a part of it, in any axis order, or another grid."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.corrected_files import read_corrected
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.label_images import read_mask, read_multi_label
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.one_hot_files import read_one_hot
from han5k_review.imaging.placement import find_placement, get_placement
from tests.imaging.phantoms import (
    AFFINE_LPS_AXES,
    ORIENTATIONS,
    SHAPE,
    phantom_grid,
    phantom_labels,
    write_image,
)

START, STOP = (3, 1, 0), (7, 7, 5)
INSIDE = phantom_labels() == 2


def part(orientation: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the phantom that holds all of label 2, its axes turned by nibabel."""
    affine = phantom_grid().cropped(START, SHAPE).affine
    box = tuple(slice(a, b) for a, b in zip(START, STOP, strict=True))
    image = nib.Nifti1Image(INSIDE[box].astype(np.uint8), affine).as_reoriented(orientation)
    return np.asarray(image.dataobj), image.affine


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=str)
def test_a_part_is_put_in_its_place_in_any_axis_order(orientation: NDArray[np.float64]) -> None:
    labels, affine = part(orientation)
    place = get_placement(Grid.from_affine(labels.shape, affine), phantom_grid(), "part")
    turned = place.change.apply(labels)
    found = StructureMask.from_box(turned, place.start_ijk, phantom_grid())
    assert np.array_equal(found.dense(), INSIDE)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_import_and_revision_place_a_part_alike(tmp_path: Path, suffix: str) -> None:
    labels, affine = part(ORIENTATIONS[29])
    path = write_image(tmp_path / f"part{suffix}", labels, affine)
    (back,) = read_corrected(path, phantom_grid())
    masks = read_multi_label(path, phantom_grid(), {"right": {1}}, {1})
    assert np.array_equal(back.mask.dense(), INSIDE)
    assert read_mask(path, phantom_grid()).sha256 == back.mask.sha256
    assert masks["right"].sha256 == back.mask.sha256


def test_channels_may_hold_a_part(tmp_path: Path) -> None:
    labels, affine = part(ORIENTATIONS[0])
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    matrix = np.eye(4)
    matrix[:3, :3] = (lps[:3, :3] / np.linalg.norm(lps[:3, :3], axis=0)).T
    lines = [
        "ObjectType = Image",
        "NDims = 4",
        "BinaryData = True",
        "BinaryDataByteOrderMSB = False",
        f"TransformMatrix = {' '.join(map(repr, map(float, matrix.ravel())))}",
        f"Offset = {' '.join(map(repr, map(float, lps[:3, 3])))} 0",
        f"ElementSpacing = {' '.join(map(str, np.linalg.norm(lps[:3, :3], axis=0)))} 1",
        f"DimSize = {' '.join(map(str, labels.shape))} 2",
        "ElementType = MET_UCHAR",
        "ElementDataFile = LOCAL",
    ]
    path = tmp_path / "part.mha"
    voxels = np.stack([np.zeros_like(labels), labels], axis=-1).tobytes(order="F")
    path.write_bytes("\n".join(lines).encode() + b"\n" + voxels)
    masks = read_one_hot(path, phantom_grid(), {0, 1}).masks
    assert masks[0].is_empty
    assert np.array_equal(masks[1].dense(), INSIDE)


def moved(*offset_mm: float) -> Grid:
    affine = AFFINE_LPS_AXES.copy()
    affine[:3, 3] += offset_mm
    return Grid.from_affine(SHAPE, affine)


@pytest.mark.parametrize(
    ("offset_mm", "words"),
    [
        ((0, 0, 30), "the file lies 30.00 mm to the patient's head of the CT"),
        ((-1.5, 0, 0), "the file lies 1.50 mm to the patient's left of the CT"),
        ((0.75, -4, 0), "0.75 mm to the patient's right, 4.00 mm to the patient's back of"),
    ],
)
def test_where_only_the_origin_differs_the_sentence_says_how_far(
    offset_mm: tuple[float, float, float], words: str
) -> None:
    with pytest.raises(GeometryError, match="Only the origin differs") as caught:
        get_placement(moved(*offset_mm), phantom_grid(), "moved.nii.gz")
    assert words in str(caught.value)


def test_another_spacing_is_not_called_another_origin() -> None:
    affine = AFFINE_LPS_AXES.copy()
    affine[2, 2] = 2.5
    with pytest.raises(GeometryError) as caught:
        get_placement(Grid.from_affine(SHAPE, affine), phantom_grid(), "other.nii.gz")
    assert "Only the origin" not in str(caught.value)


@pytest.mark.parametrize("step", [0.2, 0.5, 0.85])
def test_a_part_between_the_voxels_is_another_grid(step: float) -> None:
    whole = phantom_grid()
    affine = whole.cropped((1, 1, 1), (4, 4, 3)).affine
    affine[:3, 3] += affine[:3, 0] * step
    assert find_placement(Grid.from_affine((4, 4, 3), affine), whole) is None


def test_a_part_that_leaves_the_grid_is_another_grid() -> None:
    outside = phantom_grid().cropped((4, 0, 0), (4, 9, 5))
    assert find_placement(outside, phantom_grid()) is None
