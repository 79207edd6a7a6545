"""The `mesh` definition: MeshMetrics' own numbers, closed forms, and one sentence without it."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest
from meshmetrics import DistanceMetrics

from han5k_review.errors import ConfigError
from han5k_review.metrics import Definition, Engine, Panel, measure
from tests.metrics.comparing import assert_same
from tests.metrics.phantoms import BoolArray, ball, box

MESH = Definition.MESH
SHAPE = (40, 44, 30)
SPACING = (0.98, 1.2, 2.5)
TOLERANCE_MM = 1.07  # no distance of the phantoms equals it
REFERENCE = ball(SHAPE, (18, 24, 35), 11, SPACING)
PREDICTION = ball(SHAPE, (20, 25, 38), 10, SPACING) | box(SHAPE, (30, 36, 2), (3, 2, 2))


def their_numbers(
    reference: BoolArray, prediction: BoolArray, spacing: tuple[float, float, float]
) -> dict[str, float]:
    theirs = DistanceMetrics(verbose=False)
    theirs.set_input(reference, prediction, spacing=spacing)
    return {
        "hd_mm": theirs.hd(),
        "hd95_mm": theirs.hd(95),
        "masd_mm": theirs.masd(),
        "assd_mm": theirs.assd(),
        "surface_dice": theirs.nsd(TOLERANCE_MM),
        "dice": theirs.dsc(),
        "jaccard": theirs.iou(),
    }


@pytest.mark.parametrize("engine", list(Engine))
def test_numbers_are_those_of_meshmetrics_on_the_full_grid(engine: Engine) -> None:
    panel = measure(
        REFERENCE,
        PREDICTION,
        SPACING,
        tolerance_mm=TOLERANCE_MM,
        definition=MESH,
        engine=engine,
    )
    expected = their_numbers(REFERENCE, PREDICTION, SPACING)
    found = {name: getattr(panel, name) for name in expected}
    assert found == pytest.approx(expected, rel=1e-9)
    assert (panel.definition, panel.definition_version) == (MESH, MESH.version)


def test_what_has_no_surface_is_counted_as_under_every_definition() -> None:
    mesh = measure(REFERENCE, PREDICTION, SPACING, definition=MESH)
    surfel = measure(REFERENCE, PREDICTION, SPACING)
    for name in ("apl_mm", "vrd", "centroid_distance_mm", "false_positive_cc", "dice"):
        assert getattr(mesh, name) == getattr(surfel, name), name
    assert mesh.components_prediction == 2


def test_boxes_within_boxes_have_closed_forms() -> None:
    # Every face lies 3 mm outside; the cut corner is moved along the diagonal.
    inner, outer = box(SHAPE, (8, 8, 8), (14, 14, 12)), box(SHAPE, (5, 5, 5), (20, 20, 18))
    panel = measure(inner, outer, (1, 1, 1), tolerance_mm=2.9, definition=MESH)
    assert panel.hd_mm == pytest.approx(3 * math.sqrt(3), rel=1e-6)
    assert panel.median_surface_distance_mm == pytest.approx(3.0, rel=1e-6)
    assert panel.surface_dice == 0
    assert measure(inner, outer, (1, 1, 1), tolerance_mm=5.2, definition=MESH).surface_dice == 1


def test_shells_of_balls_are_as_far_apart_as_their_radii() -> None:
    shape = (33, 33, 33)
    one, other = ball(shape, (16, 16, 16), 8), ball(shape, (16, 16, 16), 14)
    panel = measure(one, other, (1, 1, 1), definition=MESH)
    assert panel.masd_mm == pytest.approx(6, abs=0.25)
    assert panel.hd_mm == pytest.approx(6, abs=0.5)


@pytest.mark.parametrize("margin", [0, 3])
def test_masks_cut_by_the_border_are_closed_there(margin: int) -> None:
    cut = [np.pad(mask[:, :, 13:], margin) for mask in (REFERENCE, PREDICTION)]
    free = [np.pad(mask[:, :, 13:], 5) for mask in (REFERENCE, PREDICTION)]
    assert_same(
        measure(*cut, SPACING, definition=MESH),
        measure(*free, SPACING, definition=MESH),
        relative=1e-6,
    )


def test_one_voxel_is_no_exception() -> None:
    one, other = box((3, 3, 3), (1, 1, 1), (1, 1, 1)), box((3, 3, 3), (0, 1, 1), (1, 1, 1))
    panel = measure(one, other, (1, 1, 2), definition=MESH)
    assert panel.hd_mm == pytest.approx(their_numbers(one, other, (1, 1, 2))["hd_mm"], rel=1e-9)
    assert 0 < panel.hd95_mm <= panel.hd_mm < 1
    assert measure(one, one, (1, 1, 2), definition=MESH).hd_mm == 0


def test_sides_exchange_axes_turn_and_distances_scale() -> None:
    there = measure(REFERENCE, PREDICTION, SPACING, definition=MESH)
    back = measure(PREDICTION, REFERENCE, SPACING, definition=MESH)
    turned = measure(
        *(np.flip(mask.transpose(2, 0, 1), 1) for mask in (REFERENCE, PREDICTION)),
        (SPACING[2], SPACING[0], SPACING[1]),
        definition=MESH,
    )
    double = measure(
        REFERENCE, PREDICTION, tuple(2 * mm for mm in SPACING), tolerance_mm=2.0, definition=MESH
    )
    for name in ("hd_mm", "hd95_mm", "masd_mm", "assd_mm"):
        expected = getattr(there, name)
        assert getattr(back, name) == pytest.approx(expected, rel=1e-6), name
        assert getattr(turned, name) == pytest.approx(expected, rel=1e-2), name  # diagonals
        assert getattr(double, name) == pytest.approx(2 * expected, rel=1e-6), name
    assert double.surface_dice == pytest.approx(there.surface_dice, abs=1e-6)


def test_without_the_library_one_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "meshmetrics", None)  # as Python marks what cannot be imported
    with pytest.raises(ConfigError, match=r"pip install 'han5k-review\[mesh\]'"):
        measure(REFERENCE, PREDICTION, SPACING, definition=MESH)
    assert isinstance(measure(REFERENCE, PREDICTION, SPACING), Panel)
