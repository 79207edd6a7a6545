"""Cropped masks: measured as on the full grid, and refused as there."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import DataError, GeometryError
from han5k_review.metrics import Definition, Engine, measure, measure_pair
from tests.metrics.comparing import assert_same
from tests.metrics.phantoms import EMPTY, Cropped, ball, box, crop

SHAPE = (40, 44, 30)
SPACING = (0.98, 0.98, 2.5)
REFERENCE = ball(SHAPE, (18, 20, 35), 11, SPACING)
PREDICTION = ball(SHAPE, (20, 21, 38), 10, SPACING)


@pytest.mark.parametrize("engine", list(Engine))
@pytest.mark.parametrize("definition", list(Definition))
def test_cropped_masks_measure_like_the_full_grid(engine: Engine, definition: Definition) -> None:
    full = measure(REFERENCE, PREDICTION, SPACING, definition=definition, engine=engine)
    cropped = measure_pair(
        crop(REFERENCE), crop(PREDICTION), SPACING, definition=definition, engine=engine
    )
    assert cropped == full


def test_boxes_that_do_not_meet_are_measured_across_the_gap() -> None:
    one, other = box(SHAPE, (0, 0, 0), (2, 2, 2)), box(SHAPE, (37, 41, 27), (3, 3, 3))
    assert_same(
        measure_pair(crop(one), crop(other), SPACING),
        measure(one, other, SPACING, engine=Engine.ORACLE),
    )


def test_a_box_with_a_margin_of_background_changes_nothing() -> None:
    loose = Cropped((0, 0, 0), REFERENCE)
    assert_same(
        measure_pair(loose, crop(PREDICTION), SPACING),
        measure_pair(crop(REFERENCE), crop(PREDICTION), SPACING),
        relative=1e-12,
    )


def test_read_only_and_reversed_voxels_are_measured_as_they_lie() -> None:
    locked = crop(REFERENCE)
    locked.voxels.setflags(write=False)
    turned = Cropped(crop(PREDICTION).start_ijk, np.asfortranarray(crop(PREDICTION).voxels))
    assert measure_pair(locked, turned, SPACING) == measure(REFERENCE, PREDICTION, SPACING)
    assert not locked.voxels.flags.writeable
    assert turned.voxels.flags.writeable


def test_a_mask_that_is_not_boolean_is_refused() -> None:
    wrong = Cropped((0, 0, 0), PREDICTION.astype(np.uint8))
    with pytest.raises(DataError, match="boolean"):
        measure_pair(crop(REFERENCE), wrong, SPACING)


def test_an_empty_mask_is_measured() -> None:
    assert measure_pair(EMPTY, crop(PREDICTION), SPACING).dice == 0


def test_a_bad_spacing_or_tolerance_is_refused() -> None:
    with pytest.raises(GeometryError):
        measure_pair(crop(REFERENCE), crop(PREDICTION), (1, 1, 0))
    with pytest.raises(DataError):
        measure_pair(crop(REFERENCE), crop(PREDICTION), SPACING, tolerance_mm=0.0)


def test_a_panel_says_under_which_definition_it_was_measured() -> None:
    for definition in Definition:
        panel = measure(REFERENCE, PREDICTION, SPACING, definition=definition)
        assert panel.definition is definition
        assert panel.definition_version == definition.version
