"""Values other projects publish for their own phantoms (the values, not their code).

MONAI: tests/test_hausdorff_distance.py (undirected, Euclidean) and tests/test_surface_dice.py.
MetricsReloaded: test/test_metrics/test_pairwise_measures.py, after Reinke et al., "Common
limitations of image processing metrics", figures SN 2.9 and 10.
"""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.metrics import Definition, Engine, measure
from tests.metrics.phantoms import ball, box

MONAI_SHAPE = (99, 99, 99)
MONAI_SPACING = (0.85, 1.2, 0.9)
ISOTROPIC = (1.0, 1.0, 1.0)

Sphere = tuple[float, tuple[float, float, float]]


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize(
    ("one", "other", "spacing", "expected_mm"),
    [
        ((20, (20, 20, 20)), (20, (19, 19, 19)), ISOTROPIC, 1.7320508075688772),
        ((33, (19, 33, 22)), (33, (20, 33, 22)), ISOTROPIC, 1.0),
        ((20, (20, 33, 22)), (40, (20, 33, 22)), ISOTROPIC, 20.223748416156685),
        ((20, (20, 20, 20)), (20, (19, 19, 19)), MONAI_SPACING, 2.2671568),
        ((15, (20, 33, 22)), (30, (20, 33, 22)), MONAI_SPACING, 15.62594),
    ],
)
def test_monai_hausdorff_distances(
    one: Sphere,
    other: Sphere,
    spacing: tuple[float, float, float],
    expected_mm: float,
    engine: Engine,
) -> None:
    first, second = (ball(MONAI_SHAPE, centre, radius, spacing) for radius, centre in (one, other))
    panel = measure(first, second, spacing, definition=Definition.VOXEL_MAX, engine=engine)
    assert panel.hd_mm == pytest.approx(expected_mm, rel=1e-6)


def test_monai_hausdorff_95_is_the_larger_of_both_directions() -> None:
    first = ball(MONAI_SHAPE, (20, 33, 22), 20)
    second = ball(MONAI_SHAPE, (20, 33, 22), 40)
    panel = measure(first, second, ISOTROPIC, definition=Definition.VOXEL_MAX)
    assert panel.hd95_mm == pytest.approx(20.09975124224178, rel=1e-6)


def test_monai_surface_dice_of_two_lines() -> None:
    prediction = box((10, 10, 1), (1, 1, 0), (3, 1, 1))
    reference = box((10, 10, 1), (5, 6, 0), (3, 1, 1))
    found = [
        measure(
            reference,
            prediction,
            ISOTROPIC,
            tolerance_mm=tolerance,
            definition=Definition.VOXEL_MAX,
        ).surface_dice
        for tolerance in (5.3, 5.5, 6.0, 6.5)
    ]
    assert found == pytest.approx([0, 1 - 4 / 6, 1 - 2 / 6, 1])


def test_monai_surface_dice_of_two_slabs() -> None:
    prediction = box((200, 110, 80), (0, 0, 20), (200, 110, 60))
    reference = box((200, 110, 80), (0, 0, 30), (200, 110, 50))
    touching, near = (
        measure(
            reference,
            prediction,
            ISOTROPIC,
            tolerance_mm=tolerance,
            definition=Definition.VOXEL_MAX,
        ).surface_dice
        for tolerance in (1e-6, 10.0)
    )
    # MONAI: 1 - (200*110 + 198*108 + 9*200*2 + 9*108*2) / 153296
    assert touching == pytest.approx(1 - 48928 / 153296, rel=1e-9)
    assert near == 1.0


def test_metrics_reloaded_overlap_of_a_square_with_spikes() -> None:
    reference = box((11, 11, 1), (3, 3, 0), (5, 5, 1))
    prediction = reference.copy()
    prediction[5, 1:10] = True
    prediction[1:10, 5] = True
    panel = measure(reference, prediction, ISOTROPIC)
    assert panel.dice == pytest.approx(0.862, abs=0.001)
    assert panel.jaccard == pytest.approx(0.76, abs=0.01)


def test_metrics_reloaded_hausdorff_of_a_far_pixel() -> None:
    prediction = box((14, 14, 1), (9, 9, 0), (3, 3, 1))
    reference = prediction.copy()
    reference[1, 1] = True
    panel = measure(reference, prediction, ISOTROPIC, definition=Definition.VOXEL_MAX)
    assert panel.hd_mm == pytest.approx(11.31, abs=0.01)


def test_definitions_part_where_an_island_nears_five_percent_of_the_surface() -> None:
    reference = box((120, 30, 30), (5, 5, 5), (20, 20, 20))
    prediction = reference | box((120, 30, 30), (110, 5, 5), (7, 7, 2))
    found = {d: measure(reference, prediction, ISOTROPIC, definition=d) for d in Definition}
    assert np.ptp([panel.hd_mm for panel in found.values()]) < 1
    spread = [panel.hd95_mm for panel in found.values()]
    assert np.ptp(spread) > 80
