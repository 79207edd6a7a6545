"""The one policy for empty masks, on every measure, under both engines and all definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest

from han5k_review.metrics import Definition, Engine, Panel, measure, measure_pair
from tests.metrics.phantoms import EMPTY, box, crop

NOTHING = np.zeros((6, 6, 6), dtype=np.bool_)
CUBE = box((6, 6, 6), (1, 1, 1), (2, 2, 2))
SPACING = (1.0, 1.0, 2.0)

OVERLAPS = ("dice", "jaccard", "surface_dice")
DISTANCES = (
    "hd_mm",
    "hd95_mm",
    "masd_mm",
    "assd_mm",
    "median_surface_distance_mm",
    "centroid_distance_mm",
)

engines = pytest.mark.parametrize("engine", list(Engine))
definitions = pytest.mark.parametrize("definition", list(Definition))


def numbers(panel: Panel, names: tuple[str, ...]) -> list[float]:
    return [getattr(panel, name) for name in names]


@engines
@definitions
def test_both_empty_is_undefined_but_counted(engine: Engine, definition: Definition) -> None:
    panel = measure(NOTHING, NOTHING, SPACING, engine=engine, definition=definition)
    relative = ("volume_difference_percent", "vrd", "apl_mm")
    assert all(math.isnan(n) for n in numbers(panel, OVERLAPS + DISTANCES + relative))
    assert panel.volume_reference_cc == panel.volume_prediction_cc == 0
    assert panel.volume_difference_cc == panel.false_positive_cc == panel.false_negative_cc == 0
    assert panel.components_reference == panel.components_prediction == 0


@engines
@definitions
def test_an_empty_prediction_is_infinitely_far(engine: Engine, definition: Definition) -> None:
    panel = measure(CUBE, NOTHING, SPACING, engine=engine, definition=definition)
    assert numbers(panel, OVERLAPS) == [0, 0, 0]
    assert all(n == math.inf for n in numbers(panel, DISTANCES))
    assert panel.volume_difference_percent == -100
    assert panel.vrd == math.inf
    assert panel.apl_mm == 8
    assert panel.false_negative_cc == panel.volume_reference_cc == pytest.approx(0.016)
    assert panel.components_prediction == 0


@engines
@definitions
def test_an_empty_reference_leaves_nothing_to_draw(engine: Engine, definition: Definition) -> None:
    panel = measure(NOTHING, CUBE, SPACING, engine=engine, definition=definition)
    assert numbers(panel, OVERLAPS) == [0, 0, 0]
    assert all(n == math.inf for n in numbers(panel, DISTANCES))
    assert panel.volume_difference_percent == math.inf
    assert panel.vrd == 1.0
    assert panel.apl_mm == 0
    assert panel.false_positive_cc == pytest.approx(0.016)


@engines
def test_cropped_empty_masks_follow_the_same_policy(engine: Engine) -> None:
    assert measure_pair(crop(CUBE), EMPTY, SPACING, engine=engine) == measure(
        CUBE, NOTHING, SPACING, engine=engine
    )
    assert math.isnan(measure_pair(EMPTY, EMPTY, SPACING, engine=engine).dice)
