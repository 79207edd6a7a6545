"""Colours: measured as another library does, and far enough apart where structures touch."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, lab2rgb, rgb2lab

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.anatomy.colours import (
    LEAST_DIFFERENCE,
    LEAST_LUMINANCE,
    Sight,
    choose_colours,
    measure_difference,
    to_lab,
    to_linear,
)

TABLE = Path(__file__).resolve().parents[2] / "data" / "structures.csv"
# Sharma, Wu and Dalal 2005, table 1: rows 1, 4, 7, 9, 17, 20, 25 and 34.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "published"), PUBLISHED)
def test_the_difference_of_two_colours_is_the_published_one(
    one: tuple[float, float, float], other: tuple[float, float, float], published: float
) -> None:
    found = measure_difference(np.array(one), np.array(other))
    assert found == pytest.approx(published, abs=5e-5)


def test_differences_are_those_of_another_library() -> None:
    rng = np.random.default_rng(4)
    labs = rng.uniform((0, -90, -90), (100, 90, 90), (2, 5000, 3))
    np.testing.assert_allclose(measure_difference(*labs), deltaE_ciede2000(*labs), atol=1e-9)
    rgb = rng.integers(0, 256, (1000, 3))
    np.testing.assert_allclose(to_lab(rgb), rgb2lab(rgb / 255), atol=0.02)


def test_grey_looks_the_same_to_everybody_and_red_like_green_only_to_some() -> None:
    for sight in Sight:
        np.testing.assert_allclose(to_lab((128, 128, 128), sight)[1:], 0, atol=0.1)
    red, green = np.round(255 * lab2rgb(np.array([[60.0, 45, 35], [60, -35, 35]])))
    assert measure_difference(to_lab(red), to_lab(green)) > 40
    alike = measure_difference(
        to_lab(red, Sight.NO_GREEN_CONES), to_lab(green, Sight.NO_GREEN_CONES)
    )
    assert alike < 20


@pytest.mark.parametrize(("column", "sights"), [("color", [Sight.FULL]), ("safe", list(Sight))])
def test_structures_that_touch_are_told_apart_by_colour(column: str, sights: list[Sight]) -> None:
    table = {str(one.name): one for one in read_catalogue(TABLE)}
    colours = {
        name: one.color_rgb if column == "color" else one.color_safe_rgb
        for name, one in table.items()
    }
    pairs = [(name, other) for name, one in table.items() for other in one.touches]
    assert len(pairs) > 150
    for name, other in pairs:
        assert name in table[other].touches
        for sight in sights:
            apart = measure_difference(to_lab(colours[name], sight), to_lab(colours[other], sight))
            assert apart >= LEAST_DIFFERENCE, (name, other, sight)
    for name, colour in colours.items():
        assert to_linear(colour) @ (0.2126, 0.7152, 0.0722) >= LEAST_LUMINANCE - 1e-3, name


def test_neighbours_of_one_wished_colour_come_out_apart() -> None:
    wished = {name: (200, 60, 60) for name in "ABCD"}
    chosen = choose_colours(wished, list(combinations("ABCD", 2)), list(Sight))
    for one, other in combinations(chosen.values(), 2):
        for sight in Sight:
            assert measure_difference(to_lab(one, sight), to_lab(other, sight)) >= 20
