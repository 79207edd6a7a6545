"""What holds for every pair of masks: symmetry, turning, scaling, order, equality of engines."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from han5k_review.metrics import Definition, Engine, measure
from tests.metrics.comparing import LATTICE, assert_same
from tests.metrics.phantoms import BoolArray

# Squares and sums of these are exact, so that a distance at the tolerance stays there when turned.
SPACINGS_MM = st.tuples(*[st.sampled_from([0.5, 1.0, 1.25, 2.0, 3.0])] * 3)
TOLERANCES_MM = st.sampled_from([0.6, 1.0, 2.0, 3.7])
DEFINITIONS = st.sampled_from(LATTICE)

Pair = tuple[BoolArray, BoolArray]
Spacing = tuple[float, float, float]


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Two masks of one shape: scattered voxels, blocks, or both; sometimes a long row of bits."""
    longest = draw(st.sampled_from([(6, 6, 6), (4, 90, 3), (90, 3, 4), (3, 4, 90)]))
    shape = tuple(draw(st.integers(1, n)) for n in longest)
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    density = draw(st.sampled_from([0.02, 0.2, 0.7, 0.97]))
    reference = generator.random(shape) < density
    other = generator.random(shape) < draw(st.sampled_from([0.02, 0.3, 0.9]))
    change = generator.random(shape) < 0.1
    return reference, draw(st.sampled_from([other, reference ^ change, np.roll(reference, 1, 0)]))


examples = settings(max_examples=150, deadline=None)


@examples
@given(pairs(), SPACINGS_MM, TOLERANCES_MM, DEFINITIONS, st.sampled_from([0, 1, 2]))
def test_both_engines_find_the_same(
    pair: Pair, spacing: Spacing, tolerance: float, definition: Definition, axial_axis: int
) -> None:
    found, expected = (
        measure(
            *pair,
            spacing,
            tolerance_mm=tolerance,
            definition=definition,
            axial_axis=axial_axis,
            engine=engine,
        )
        for engine in (Engine.FAST, Engine.ORACLE)
    )
    assert_same(found, expected)


SWAPPED = {
    "volume_reference_cc": "volume_prediction_cc",
    "false_positive_cc": "false_negative_cc",
    "components_reference": "components_prediction",
}
ONE_SIDED = ("volume_difference_percent", "vrd", "apl_mm")


@examples
@given(pairs(), SPACINGS_MM, TOLERANCES_MM, DEFINITIONS)
def test_exchanging_the_masks_exchanges_the_sides(
    pair: Pair, spacing: Spacing, tolerance: float, definition: Definition
) -> None:
    there = measure(*pair, spacing, tolerance_mm=tolerance, definition=definition)
    back = measure(*pair[::-1], spacing, tolerance_mm=tolerance, definition=definition)
    turned = {one: getattr(back, other) for one, other in SWAPPED.items()}
    turned |= {other: getattr(back, one) for one, other in SWAPPED.items()}
    turned |= {name: getattr(there, name) for name in ONE_SIDED}
    turned["volume_difference_cc"] = -back.volume_difference_cc
    assert_same(dataclasses.replace(back, **turned), there)


@examples
@given(pairs(), SPACINGS_MM, TOLERANCES_MM, DEFINITIONS, st.data())
def test_turning_and_flipping_both_masks_changes_nothing(
    pair: Pair, spacing: Spacing, tolerance: float, definition: Definition, data: st.DataObject
) -> None:
    order = data.draw(st.sampled_from(list(itertools.permutations(range(3)))))
    flips = data.draw(st.lists(st.sampled_from([0, 1, 2]), unique=True))
    turned = [np.flip(mask, flips).transpose(order) for mask in pair]
    assert_same(
        measure(
            *turned,
            tuple(spacing[axis] for axis in order),
            tolerance_mm=tolerance,
            definition=definition,
            axial_axis=order.index(2),
        ),
        measure(*pair, spacing, tolerance_mm=tolerance, definition=definition),
    )


@examples
@given(pairs(), SPACINGS_MM, TOLERANCES_MM, DEFINITIONS, st.sampled_from([0.25, 2.0, 8.0]))
def test_distances_grow_with_the_spacing_and_volumes_with_its_cube(
    pair: Pair, spacing: Spacing, tolerance: float, definition: Definition, factor: float
) -> None:
    small = measure(*pair, spacing, tolerance_mm=tolerance, definition=definition)
    large = measure(
        *pair,
        tuple(factor * mm for mm in spacing),
        tolerance_mm=factor * tolerance,
        definition=definition,
    )
    grown = {
        field.name: getattr(small, field.name) * factor ** (3 if "_cc" in field.name else 1)
        for field in dataclasses.fields(small)
        if field.name.endswith(("_mm", "_cc"))
    }
    assert_same(dataclasses.replace(small, **grown), large)


@examples
@given(pairs(), SPACINGS_MM, DEFINITIONS)
def test_measures_stay_in_their_order(pair: Pair, spacing: Spacing, definition: Definition) -> None:
    reference, prediction = pair
    if not reference.any() or not prediction.any():
        return
    panel = measure(*pair, spacing, definition=definition)
    assert 0 <= panel.hd95_mm <= panel.hd_mm
    assert panel.median_surface_distance_mm <= panel.hd_mm
    assert panel.masd_mm <= panel.hd_mm * (1 + 1e-12)
    assert panel.assd_mm <= panel.hd_mm * (1 + 1e-12)
    assert 0 <= panel.jaccard <= panel.dice <= 1
    assert 0 <= panel.surface_dice <= 1 + 1e-12
    wider = measure(*pair, spacing, tolerance_mm=5.0, definition=definition)
    assert wider.surface_dice >= panel.surface_dice - 1e-12


@examples
@given(pairs(), SPACINGS_MM, DEFINITIONS, st.integers(0, 3))
def test_background_around_the_masks_changes_nothing(
    pair: Pair, spacing: Spacing, definition: Definition, margin: int
) -> None:
    padded = [np.pad(mask, ((margin, 0), (0, margin), (margin, margin))) for mask in pair]
    assert_same(
        measure(*padded, spacing, definition=definition),
        measure(*pair, spacing, definition=definition),
        relative=1e-12,
    )


@pytest.mark.parametrize("definition", LATTICE)
def test_far_masks_are_found_beyond_the_near_rows(definition: Definition) -> None:
    mask = np.zeros((70, 80, 60), dtype=np.bool_)
    reference, prediction = mask.copy(), mask.copy()
    reference[:3, :3, :3] = True
    reference[40, 70, 30] = True
    prediction[60:, 70:, 50:] = True
    spacing = (0.98, 0.98, 2.0)
    assert_same(
        measure(reference, prediction, spacing, definition=definition),
        measure(reference, prediction, spacing, definition=definition, engine=Engine.ORACLE),
    )
