"""Grids: RAS and LPS, orientation, boxes, matching; checked with nibabel and SimpleITK."""

from __future__ import annotations

import math

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from han5k_review.errors import GeometryError
from han5k_review.imaging.alignment import find_alignment
from han5k_review.imaging.grid import Grid
from tests.imaging.phantoms import AFFINE_LPS_AXES, ORIENTATIONS, SHAPE, phantom_grid, phantom_hu


def turned_grid(orientation: NDArray[np.float64]) -> tuple[Grid, nib.Nifti1Image]:
    image = nib.Nifti1Image(phantom_hu(), AFFINE_LPS_AXES).as_reoriented(orientation)
    return Grid.from_affine(image.shape, image.affine), image


@pytest.mark.parametrize("orientation", ORIENTATIONS, ids=lambda o: str(o.astype(int).tolist()))
def test_axis_letters_and_reorientation_agree_with_nibabel(
    orientation: NDArray[np.float64],
) -> None:
    grid, image = turned_grid(orientation)
    assert grid.orientation == "".join(nib.aff2axcodes(image.affine))
    change = grid.reorientation_to_lps()
    assert np.array_equal(change.apply(np.asarray(image.dataobj)), phantom_hu())
    assert grid.reoriented(change).matches(phantom_grid(), tolerance_mm=1e-9)
    assert find_alignment(grid, phantom_grid()) == change


@pytest.mark.parametrize(
    "orientation", ORIENTATIONS[::7], ids=lambda o: str(o.astype(int).tolist())
)
def test_the_itk_geometry_puts_voxels_where_itk_puts_them(
    orientation: NDArray[np.float64],
) -> None:
    grid, _ = turned_grid(orientation)
    spacing, origin, direction = grid.lps_geometry
    image = sitk.Image(list(grid.shape), sitk.sitkUInt8)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(direction)
    place = image.TransformIndexToPhysicalPoint((2, 3, 4))
    (ras,) = grid.points_ras_mm(np.array([[2, 3, 4]]))
    assert np.allclose(ras, np.array(place) * (-1, -1, 1))
    again = Grid.from_lps(grid.shape, spacing, origin, direction)
    assert again.matches(grid, tolerance_mm=1e-9)


def test_spacing_and_volume_are_of_the_voxel() -> None:
    assert phantom_grid().spacing_mm == (1.5, 2.0, 3.0)
    assert phantom_grid().voxel_volume_cc == pytest.approx(0.009)


def test_a_grid_compares_and_hashes_by_value() -> None:
    assert phantom_grid() == phantom_grid()
    assert len({phantom_grid(), phantom_grid()}) == 1


@pytest.mark.parametrize(
    ("shape", "change"),
    [
        (SHAPE, (0, 0, np.nan)),
        (SHAPE, (0, 3, np.inf)),
        (SHAPE, (0, 0, 0.0)),
        ((7, 9), None),
        ((7, 0, 5), None),
    ],
)
def test_what_is_no_grid_is_refused(
    shape: tuple[int, ...], change: tuple[int, int, float] | None
) -> None:
    affine = AFFINE_LPS_AXES.copy()
    if change is not None:
        affine[change[0], change[1]] = change[2]
    with pytest.raises(GeometryError):
        Grid.from_affine(shape, affine)


def test_only_a_turned_grid_is_oblique() -> None:
    assert not phantom_grid().is_oblique
    turn = np.deg2rad(3)
    rotation = np.eye(4)
    rotation[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    assert Grid.from_affine(SHAPE, rotation @ AFFINE_LPS_AXES).is_oblique


def test_grids_match_within_the_tolerance_at_every_corner() -> None:
    affine = AFFINE_LPS_AXES.copy()
    affine[0, 0] *= 1.001
    affine[2, 3] += 0.012
    other = Grid.from_affine(SHAPE, affine)
    apart = math.hypot(6 * 1.5 * 0.001, 0.012)  # the far corner: 0.009 mm to the side, 0.012 up
    assert phantom_grid().matches(other, tolerance_mm=apart * 1.01)
    assert not phantom_grid().matches(other, tolerance_mm=apart * 0.99)
    assert not phantom_grid().matches(phantom_grid().cropped((0, 0, 0), (7, 9, 4)))


def test_an_oblique_label_grid_aligns_with_its_oblique_ct() -> None:
    turn = np.deg2rad(44.9)
    rotation = np.eye(4)
    rotation[:2, :2] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    target = Grid.from_affine(SHAPE, rotation @ AFFINE_LPS_AXES)
    for orientation in ORIENTATIONS:
        image = nib.Nifti1Image(phantom_hu(), target.affine).as_reoriented(orientation)
        change = find_alignment(Grid.from_affine(image.shape, image.affine), target)
        assert change is not None
        assert np.array_equal(change.apply(np.asarray(image.dataobj)), phantom_hu())


def test_a_description_names_size_spacing_origin_and_axes() -> None:
    assert phantom_grid().describe() == (
        "7 x 9 x 5 voxels of 1.500 x 2.000 x 3.000 mm, origin RAS (40.25, 71.50, -310.75), axes LPS"
    )
