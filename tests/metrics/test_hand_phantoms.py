"""Phantoms small enough to measure with a pencil: both engines give the pencil's number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.metrics import Definition, Engine, measure
from tests.metrics.phantoms import ball, box, draw

pytestmark = pytest.mark.parametrize("engine", list(Engine))


def test_two_single_voxels_three_apart(engine: Engine) -> None:
    # Corners of the first voxel lie at i = 0 and 1, of the second at 3 and 4: half of each surface
    # is 2 mm from the other, half 3 mm.
    reference, prediction = draw("#..."), draw("...#")
    panel = measure(reference, prediction, (1, 1, 2), tolerance_mm=2.0, engine=engine)
    assert panel.dice == 0
    assert panel.jaccard == 0
    assert panel.volume_reference_cc == pytest.approx(0.002)
    assert panel.hd_mm == 3.0
    assert panel.hd95_mm == 3.0
    assert panel.masd_mm == pytest.approx(2.5)
    assert panel.assd_mm == pytest.approx(2.5)
    assert panel.surface_dice == pytest.approx(0.5)
    assert panel.centroid_distance_mm == pytest.approx(3.0)
    assert panel.apl_mm == pytest.approx(1.0)
    assert panel.vrd == pytest.approx(2.0)
    assert panel.false_positive_cc == pytest.approx(0.002)
    assert panel.false_negative_cc == pytest.approx(0.002)


@pytest.mark.parametrize("definition", [Definition.VOXEL_MAX, Definition.VOXEL_POOLED])
def test_voxel_definitions_measure_between_centres(engine: Engine, definition: Definition) -> None:
    panel = measure(
        draw("#..."),
        draw("...#"),
        (1, 1, 2),
        definition=definition,
        engine=engine,
    )
    assert panel.hd_mm == panel.hd95_mm == panel.masd_mm == 3.0
    assert panel.median_surface_distance_mm == 3.0
    assert panel.surface_dice == 0.0


def test_a_one_voxel_mask_against_itself_is_perfect(engine: Engine) -> None:
    mask = draw("...\n.#.\n...")
    panel = measure(mask, mask, (0.98, 0.98, 2.5), engine=engine)
    assert panel.dice == panel.jaccard == panel.surface_dice == 1.0
    assert panel.hd_mm == panel.hd95_mm == panel.masd_mm == panel.assd_mm == 0.0
    assert panel.apl_mm == panel.vrd == panel.centroid_distance_mm == 0.0


def test_added_path_counts_uncovered_contour_pixels_slice_by_slice(engine: Engine) -> None:
    reference = draw(
        """
        .....
        .###.
        .###.
        .###.
        .....
        """,
        """
        .....
        .....
        ..#..
        .....
        .....
        """,
    )
    prediction = draw(
        """
        .....
        .###.
        .###.
        .....
        .....
        """,
        """
        .....
        .....
        .....
        .....
        .....
        """,
    )
    # First slice: the contour of the reference has 8 pixels, the prediction's covers 5 of them.
    # Second slice: one pixel, not covered. Pixels of 2 mm.
    panel = measure(reference, prediction, (2, 2, 5), engine=engine)
    assert panel.apl_mm == pytest.approx(4 * 2.0)
    assert panel.vrd == pytest.approx(4 / 6)
    assert panel.dice == pytest.approx(2 * 6 / (10 + 6))
    assert panel.jaccard == pytest.approx(6 / 10)
    assert panel.volume_difference_cc == pytest.approx(-4 * 0.020)
    assert panel.volume_difference_percent == pytest.approx(-40.0)


def test_the_axial_axis_decides_which_pixels_are_contour(engine: Engine) -> None:
    reference = box((3, 3, 3), (0, 0, 0), (3, 3, 3))
    prediction = box((3, 3, 3), (1, 1, 1), (1, 1, 1))
    # Every slice's ring of 8 pixels is uncovered; in-plane pixels measure (2 + 4) / 2 mm.
    panel = measure(reference, prediction, (1, 2, 4), axial_axis=0, engine=engine)
    assert panel.apl_mm == pytest.approx(3 * 8 * 3.0)


def test_pieces_that_touch_at_a_corner_are_one_component(engine: Engine) -> None:
    reference = draw("#..\n.#.\n...", "...\n...\n#..")
    prediction = draw("#.#\n...\n#.#", "...\n...\n...")
    panel = measure(reference, prediction, (1, 1, 1), engine=engine)
    assert panel.components_reference == 1
    assert panel.components_prediction == 4


def test_a_ring_closed_at_the_end_is_one_component(engine: Engine) -> None:
    ring = draw("#####\n#...#\n#...#\n#####")
    combs = draw("#.#.#\n#.#.#\n#.#.#\n#####")
    panel = measure(ring, combs, (1, 1, 1), engine=engine)
    assert panel.components_reference == panel.components_prediction == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_shifted_box_is_as_far_as_its_shift(engine: Engine, axis: int) -> None:
    spacing = (0.5, 1.0, 3.0)
    start = [2, 2, 2]
    start[axis] += 4
    reference = box((20, 20, 20), (2, 2, 2), (12, 12, 12))
    prediction = box((20, 20, 20), (start[0], start[1], start[2]), (12, 12, 12))
    panel = measure(reference, prediction, spacing, engine=engine)
    assert panel.hd_mm == pytest.approx(4 * spacing[axis])
    assert panel.hd95_mm == pytest.approx(4 * spacing[axis])
    assert panel.dice == pytest.approx(8 / 12)
    assert panel.centroid_distance_mm == pytest.approx(4 * spacing[axis])
    assert panel.volume_difference_cc == 0


def test_nested_balls_have_the_gap_between_them_as_distance(engine: Engine) -> None:
    shape = (70, 70, 70)
    inner, outer = ball(shape, (35, 35, 35), 20.0), ball(shape, (35, 35, 35), 28.0)
    panel = measure(inner, outer, (1, 1, 1), tolerance_mm=4.0, engine=engine)
    assert panel.dice == pytest.approx(2 * 20**3 / (20**3 + 28**3), rel=0.005)
    assert panel.volume_reference_cc == pytest.approx(4 / 3 * math.pi * 2.0**3, rel=0.005)
    # Corners scatter about half a voxel around the true sphere and the nearest one is chosen: the
    # lattice is optimistic by up to a voxel (docs/correctness.md).
    for found_mm in (panel.masd_mm, panel.assd_mm, panel.median_surface_distance_mm):
        assert 7.2 < found_mm <= 8.0
    assert panel.hd_mm == pytest.approx(8.0, abs=math.sqrt(3))
    assert panel.surface_dice == 0.0
    assert panel.centroid_distance_mm == pytest.approx(0.0, abs=1e-9)


def test_a_small_island_moves_the_maximum_and_the_count_but_not_hd95(engine: Engine) -> None:
    reference = box((60, 60, 12), (2, 2, 2), (20, 20, 8))
    prediction = reference.copy()
    prediction[50, 2, 2] = True
    panel = measure(reference, prediction, (1, 1, 1), engine=engine)
    assert panel.hd_mm == pytest.approx(51 - 22)
    assert panel.hd95_mm == 0.0
    assert (panel.components_reference, panel.components_prediction) == (1, 2)


def test_beyond_the_border_of_the_array_is_background(engine: Engine) -> None:
    full = np.ones((4, 5, 6), dtype=np.bool_)
    inside = np.pad(full, 3)
    shifted = np.roll(inside, 1, axis=0)
    panel = measure(full, full, (1, 1, 1), engine=engine)
    assert panel.surface_dice == 1.0
    assert panel.components_reference == 1
    padded = measure(inside, shifted, (1, 1, 1), engine=engine)
    cut = measure(inside[3:8], shifted[3:8], (1, 1, 1), engine=engine)
    assert padded == cut
