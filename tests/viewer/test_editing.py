"""Editing in the browser: what a reader draws is what the server stores.

Each tool is used with the mouse; the stored mask is compared with one computed here by other means.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import expect
from scipy import ndimage

from tests.viewer.drawing_table import (
    CENTRES,
    PLANES,
    SHAPE,
    SPACING,
    Mask,
    Points,
    Table,
    near,
    on_slice,
)


def enclosed(plane: str, index: int, points: Points) -> Mask:
    """Voxels of a slice that a closed line goes round, by the angle it sweeps."""
    column, row, _, _ = PLANES[plane]
    angle = np.zeros(SHAPE)
    for a, b in zip(points, np.roll(points, -1, axis=0), strict=True):
        first = np.arctan2(a[row] - CENTRES[..., row], a[column] - CENTRES[..., column])
        second = np.arctan2(b[row] - CENTRES[..., row], b[column] - CENTRES[..., column])
        angle += (second - first + np.pi) % (2 * np.pi) - np.pi
    return (np.abs(angle) > np.pi) & on_slice(plane, index)


@pytest.mark.parametrize("plane", list(PLANES))
def test_brush_and_eraser_draw_what_they_cover(table: Table, plane: str) -> None:
    index = 4
    table.edit()
    table.show(plane, index)
    table.size(12)
    drawn = table.drag(plane, index, (8, 9, 8), (13, 13, 12))
    wanted = table.start() | (near(drawn, 6) & on_slice(plane, index))
    np.testing.assert_array_equal(table.stored(), wanted)
    table.screen.keyboard.press("r")
    table.size(8)
    drawn = table.drag(plane, index, (10, 8, 7), (10, 15, 13))
    wanted &= ~(near(drawn, 4) & on_slice(plane, index))
    np.testing.assert_array_equal(table.stored(), wanted)


def test_a_ball_and_a_brush_limited_by_hu(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 9)
    table.size(20)
    screen.keyboard.press("Shift+B")
    drawn = table.drag("axial", 9, (12, 10, 9), (14, 11, 9))
    wanted = table.start() | near(drawn, 10)
    np.testing.assert_array_equal(table.stored(), wanted)
    screen.keyboard.press("Shift+B")
    screen.keyboard.press("Shift+U")
    screen.get_by_test_id("edit-hu-low").fill("-100")
    screen.get_by_test_id("edit-hu-low").press("Enter")
    screen.get_by_test_id("edit-hu-high").fill("900")
    screen.get_by_test_id("edit-hu-high").press("Enter")
    table.show("axial", 15)
    drawn = table.drag("axial", 15, (10, 10, 15), (16, 12, 15))
    alike = (table.bench.hu >= -100) & (table.bench.hu <= 900)
    wanted |= near(drawn, 10) & on_slice("axial", 15) & alike
    np.testing.assert_array_equal(table.stored(), wanted)


@pytest.mark.parametrize("plane", list(PLANES))
def test_lines_by_hand_and_polygons_fill_what_they_enclose(table: Table, plane: str) -> None:
    screen = table.screen
    table.edit()
    table.show(plane, 5)
    screen.keyboard.press("Shift+A")
    drawn = table.drag(
        plane, 5, (6.2, 7.3, 6.3), (16.4, 8.1, 7.2), (15.3, 15.6, 14.4), (7.1, 13.2, 12.7)
    )
    wanted = table.start() | enclosed(plane, 5, drawn)
    np.testing.assert_array_equal(table.stored(), wanted)
    screen.keyboard.press("Shift+X")
    corners = [
        table.pixel(plane, p) for p in ((9.3, 9.2, 8.4), (13.6, 12.2, 9.3), (11.2, 13.4, 12.2))
    ]
    for corner in corners:
        screen.mouse.click(*corner)
    screen.keyboard.press("Enter")
    points = np.array([table.point(plane, corner, 5) for corner in corners])
    wanted &= ~enclosed(plane, 5, points)
    np.testing.assert_array_equal(table.stored(), wanted)


def test_shaping_tools_do_what_scipy_does(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 4)
    screen.keyboard.press("Shift+V")
    mask = table.start()

    def millimetres(value: str) -> None:
        screen.get_by_test_id("edit-mm").fill(value)
        screen.get_by_test_id("edit-mm").press("Enter")

    millimetres("4")
    screen.keyboard.press("Shift+G")
    mask = ndimage.distance_transform_edt(~mask, sampling=SPACING) <= 4
    np.testing.assert_array_equal(table.stored(), mask)
    millimetres("2")
    screen.keyboard.press("Shift+S")
    mask = ndimage.distance_transform_edt(mask, sampling=SPACING) > 2
    np.testing.assert_array_equal(table.stored(), mask)
    millimetres("3")
    screen.keyboard.press("Shift+M")
    offsets = (np.stack(np.indices((3, 3, 3)), axis=-1) - 1) * SPACING
    ball = ((offsets**2).sum(axis=-1) <= 9).astype(int)
    mask = 2 * ndimage.convolve(mask.astype(int), ball, mode="constant") > ball.sum()
    np.testing.assert_array_equal(table.stored(), mask)
    screen.keyboard.press("r")
    table.size(2)
    table.drag("axial", 4, (3, 5, 4), (3, 5, 4))
    table.screen.keyboard.press("q")
    table.drag("axial", 4, (18, 15, 4), (18, 15, 4))
    pricked = table.stored(2)
    assert pricked.sum() == mask.sum()
    screen.keyboard.press("Shift+H")
    filled = ndimage.binary_fill_holes(pricked)
    np.testing.assert_array_equal(table.stored(), filled)
    screen.keyboard.press("Shift+I")
    pieces, _ = ndimage.label(filled, np.ones((3, 3, 3)))
    mask = pieces == np.argmax(np.bincount(pieces.ravel())[1:]) + 1
    np.testing.assert_array_equal(table.stored(), mask)


def test_the_right_button_erases_and_a_combination_is_one_step(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 2)
    table.size(20)
    drawn = table.drag("axial", 2, (12, 10, 2), (14, 11, 2))
    wanted = table.start() | (near(drawn, 10) & on_slice("axial", 2))
    np.testing.assert_array_equal(table.stored(), wanted)
    table.size(6)
    drawn = table.drag("axial", 2, (9, 10, 2), (13, 10, 2), button="right")
    wanted &= ~(near(drawn, 3) & on_slice("axial", 2))
    np.testing.assert_array_equal(table.stored(), wanted)
    screen.keyboard.press("Shift+O")
    screen.get_by_test_id("margin-left").fill("4")
    screen.get_by_test_id("margin-left").press("Enter")
    screen.get_by_test_id("margin-grow").click()
    grown = wanted.copy()
    grown[1:] |= wanted[:-1]  # i grows to the left, in voxels of 2 mm
    grown[2:] |= wanted[:-2]
    np.testing.assert_array_equal(table.stored(), grown)
    screen.keyboard.press("Shift+O")
    expect(screen.get_by_test_id("combine-with")).to_have_value("BrainStem")
    screen.get_by_test_id("subtract").click()
    other = np.zeros_like(wanted)
    other[table.bench.masks["BrainStem"].slices] = table.bench.masks["BrainStem"].voxels
    assert (grown & other).any()
    np.testing.assert_array_equal(table.stored(), grown & ~other)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), grown)


def test_slices_are_copied_filled_between_and_reverted(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 12)
    table.size(20)
    drawn = table.drag("axial", 12, (8, 8, 12), (10, 8, 12))
    wanted = table.start() | (near(drawn, 10) & on_slice("axial", 12))
    table.show("axial", 9)
    screen.keyboard.press("Shift+F")

    def signed(flat: Mask) -> NDArray[np.float64]:
        inside = ndimage.distance_transform_edt(flat, sampling=SPACING[:2])
        outside = ndimage.distance_transform_edt(~flat, sampling=SPACING[:2])
        return np.where(flat, inside, -outside)

    low, high = signed(wanted[..., 6]), signed(wanted[..., 12])
    for k in range(7, 12):
        wanted[..., k] = (1 - (k - 6) / 6) * low + (k - 6) / 6 * high > 0
    np.testing.assert_array_equal(table.stored(2), wanted)
    table.show("axial", 13)
    screen.keyboard.press(",")
    wanted[..., 13] = wanted[..., 12]
    np.testing.assert_array_equal(table.stored(), wanted)
    table.show("axial", 12)
    screen.keyboard.press("Shift+R")
    wanted[..., 12] = table.start()[..., 12]
    np.testing.assert_array_equal(table.stored(), wanted)


def test_undo_and_redo_reach_the_server(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 4)
    states = [table.start()]
    for n in range(4):
        table.drag("axial", 4, (6 + 3 * n, 6, 4), (7 + 3 * n, 12, 4))
        states.append(table.stored())
    for n in (3, 2, 1, 0):
        screen.keyboard.press("z")
        np.testing.assert_array_equal(table.stored(), states[n])
    expect(screen.get_by_test_id("edit-figures")).to_contain_text("VRD 0.0 %")
    for n in (1, 2):
        screen.keyboard.press("Shift+Z")
        np.testing.assert_array_equal(table.stored(), states[n])
    changed = (states[2] ^ states[0]).sum() / states[0].sum()
    expect(screen.get_by_test_id("edit-figures")).to_contain_text(f"VRD {100 * changed:.1f} %")
