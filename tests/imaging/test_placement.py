"""Where a label file lies in its CT: the whole grid or a part of it, to a tenth of a voxel."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.imaging.grid import Grid
from han5k_review.imaging.placement import find_placement
from tests.imaging.phantoms import AFFINE_LPS_AXES, SHAPE, phantom_grid

# The smallest spacing of the phantom is 1.5 mm: a tenth of it is 0.15 mm.
NEAR_MM, FAR_MM = 0.149, 0.151
PARTS = [((0, 0, 0), SHAPE), ((2, 3, 1), (4, 5, 3)), ((0, 0, 2), (7, 9, 1))]


@pytest.mark.parametrize(("start", "shape"), PARTS)
def test_a_part_knows_where_it_begins(
    start: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    part = phantom_grid().cropped(start, shape)
    place = find_placement(part, phantom_grid())
    assert place is not None
    assert place.start_ijk == start
    assert np.allclose(
        part.points_ras_mm(np.zeros((1, 3))), phantom_grid().points_ras_mm(np.array([start]))
    )


@pytest.mark.parametrize(
    ("start", "shape"), [((5, 0, 0), (3, 1, 1)), ((-1, 0, 0), (2, 2, 2)), ((0, 0, 0), (1, 1, 6))]
)
def test_a_part_outside_the_grid_has_no_place(
    start: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    assert find_placement(phantom_grid().cropped(start, shape), phantom_grid()) is None


@pytest.mark.parametrize(("start", "shape"), PARTS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_shift_of_a_tenth_of_the_smallest_spacing_is_the_limit(
    start: tuple[int, int, int], shape: tuple[int, int, int], axis: int
) -> None:
    for shift_mm, is_near in ((NEAR_MM, True), (FAR_MM, False), (0.7, False)):
        affine = phantom_grid().cropped(start, shape).affine
        affine[axis, 3] += shift_mm
        place = find_placement(Grid.from_affine(shape, affine), phantom_grid())
        assert (place is not None) == is_near


@pytest.mark.parametrize(("start", "shape"), PARTS)
def test_another_spacing_is_judged_at_the_worst_voxel_centre(
    start: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    # j has 2 mm: the last centre of n voxels moves by (n - 1) times the change of the spacing.
    for drift_mm, is_near in ((NEAR_MM, True), (FAR_MM, False)):
        affine = phantom_grid().cropped(start, shape).affine
        affine[1, 1] -= drift_mm / (shape[1] - 1)
        place = find_placement(Grid.from_affine(shape, affine), phantom_grid())
        assert (place is not None) == is_near


def test_drifts_along_several_axes_add_up_at_the_corner() -> None:
    # 0.1 mm along each axis: no coordinate is off by 0.15 mm, but the corner is, by 0.173 mm.
    affine = AFFINE_LPS_AXES.copy()
    affine[:3, 3] += 0.1
    assert find_placement(Grid.from_affine(SHAPE, affine), phantom_grid()) is None
    affine[2, 3] -= 0.1
    assert find_placement(Grid.from_affine(SHAPE, affine), phantom_grid()) is not None
