"""Many structures in one go: cropped masks, own tolerances, a reason where a number is missing."""

from __future__ import annotations

import numpy as np
import pytest

from han5k_review.errors import DataError, GeometryError
from han5k_review.metrics import Definition, Engine, measure, measure_case, measure_pair
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


def test_each_structure_is_a_row_with_its_own_tolerance() -> None:
    references = {"Larynx": crop(REFERENCE), "Lens_L": crop(REFERENCE)}
    predictions = {"Lens_L": crop(PREDICTION), "Larynx": crop(PREDICTION)}
    rows = measure_case(references, predictions, SPACING, tolerances_mm={"Larynx": 2.0})
    assert [row.structure for row in rows] == ["Larynx", "Lens_L"]
    assert [row.panel.tolerance_mm for row in rows if row.panel] == [2.0, 1.0]
    assert rows[0].panel == measure(REFERENCE, PREDICTION, SPACING, tolerance_mm=2.0)
    assert [row.reason for row in rows] == [None, None]


def test_a_structure_missing_on_one_side_is_a_row_with_its_reason() -> None:
    rows = measure_case({"Brain": crop(REFERENCE)}, {"Lens_L": crop(PREDICTION)}, SPACING)
    assert [(row.structure, row.panel, row.reason) for row in rows] == [
        ("Brain", None, "no prediction mask"),
        ("Lens_L", None, "no reference mask"),
    ]


def test_an_empty_mask_is_measured_and_not_called_missing() -> None:
    (row,) = measure_case({"Lens_L": EMPTY}, {"Lens_L": crop(PREDICTION)}, SPACING)
    assert row.reason is None
    assert row.panel is not None
    assert row.panel.dice == 0


def test_a_mask_that_cannot_be_measured_does_not_stop_the_others() -> None:
    wrong = Cropped((0, 0, 0), PREDICTION.astype(np.uint8))
    rows = measure_case(
        {"Brain": crop(REFERENCE), "Lens_L": crop(REFERENCE)},
        {"Brain": wrong, "Lens_L": crop(PREDICTION)},
        SPACING,
    )
    assert rows[0].panel is None
    assert rows[0].reason is not None
    assert "boolean" in rows[0].reason
    assert rows[1].panel is not None


def test_what_is_wrong_for_the_whole_case_is_refused_at_once() -> None:
    with pytest.raises(GeometryError):
        measure_case({}, {}, (1, 1, 0))
    with pytest.raises(DataError):
        measure_case({}, {}, SPACING, tolerances_mm={"Larynx": 0.0})


def test_a_row_says_under_which_definition_it_was_measured() -> None:
    for definition in Definition:
        panel = measure(REFERENCE, PREDICTION, SPACING, definition=definition)
        assert panel.definition is definition
        assert panel.definition_version == definition.version
