"""Bad input and bad luck: lost connections, damaged slabs, odd sizes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from han5k_review.imaging.grid import Grid
from rigs.viewer_cases import DeskCase, block_case, lps_grid
from rigs.viewer_desk import Desk

Open = Callable[..., Desk]
BLOCK = {"Larynx": (slice(4, 9), slice(5, 11), slice(1, 3))}


def case(
    shape: tuple[int, int, int] = (32, 32, 20),
    spacing: tuple[float, float, float] = (1.0, 1.0, 2.0),
) -> DeskCase:
    hu = np.full(shape, 40, dtype=np.int16)
    last = shape[2]
    box = (slice(4, 9), slice(5, 11), slice(0, max(1, last // 4)))
    return block_case(hu, lps_grid(shape, spacing), {"Larynx": box})


def other_case() -> DeskCase:
    """The same with another CT, which the browser does not have yet."""
    built = case()
    return replace(built, ct=replace(built.ct, hu=built.ct.hu + np.int16(1)))


def test_a_lost_connection_is_said_and_loading_goes_on_when_it_returns(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(case(), other_case())
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-loaded", "3/3")
    mount = screen.evaluate("async () => (await fetch('/mount?assignment=2')).json()")
    screen.context.set_offline(True)
    screen.evaluate("(data) => window.mount(data)", mount)
    expect(screen.get_by_test_id("load-state")).to_have_text("connection lost, trying again")
    screen.context.set_offline(False)
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-loaded", "3/3")
    expect(screen.get_by_test_id("load-state")).to_have_text("")
    last_slab = re.compile(r"/api/assignments/2/volume/\w+/2")
    assert [path for path in desk.asked if last_slab.fullmatch(path)]


def test_signed_out_while_loading_asks_and_goes_on_at_the_same_slice(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(case(), other_case())
    screen.context.clear_cookies()
    screen.evaluate("async () => window.mount(await (await fetch('/mount?assignment=2')).json())")
    expect(screen.get_by_test_id("sign-in")).to_be_visible()
    desk.sign_in(screen.context, screen.url, "anna")
    expect(screen.get_by_test_id("sign-in")).to_be_hidden()
    expect(screen.get_by_test_id("view-main")).to_have_attribute("data-slice", "2")


def test_a_damaged_slab_is_said_and_never_drawn(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case())
    desk.faults.corrupt_slabs = {1}
    # A page with an empty cache sees the damage.
    page = screen.context.browser.new_context().new_page()  # type: ignore[union-attr]
    desk.sign_in(page.context, screen.url, "anna")
    page.goto(screen.url)
    expect(page.get_by_test_id("load-state")).to_have_text("1 part of the CT damaged")
    expect(page.get_by_test_id("banner")).to_contain_text("Slices 9 to 16 are not shown")
    for _ in range(3):
        page.keyboard.press("PageUp")
    page.keyboard.press("PageDown")
    expect(page.get_by_test_id("view-main")).to_have_attribute("data-slice", "12")
    expect(page.get_by_test_id("view-main-notice")).to_contain_text("do not match their hash")
    page.mouse.move(700, 400)
    expect(page.get_by_test_id("view-main-readout")).to_contain_text("- HU")
    desk.faults.corrupt_slabs = set()
    page.get_by_test_id("try-again").click()
    expect(page.get_by_test_id("workspace")).to_have_attribute("data-loaded", "3/3")
    expect(page.get_by_test_id("view-main-notice")).to_have_text("")
    page.context.close()


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [
        ((64, 48, 1), (1.0, 1.0, 3.0)),
        ((24, 24, 600), (1.0, 1.0, 1.0)),
        ((1024, 1024, 6), (0.5, 0.5, 3.0)),
        ((80, 80, 40), (0.3, 0.3, 0.3)),
    ],
    ids=["one slice", "600 slices", "1024 x 1024", "0.3 mm voxels"],
)
def test_odd_volumes_open(
    open_desk: Open,
    screen: Page,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
) -> None:
    open_desk(case(shape, spacing))
    slabs = -(-shape[2] // 8)
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-loaded", f"{slabs}/{slabs}")
    for key in ("ArrowUp", "x", "ArrowUp", "x", "ArrowDown", "b"):
        screen.keyboard.press(key)
    expect(screen.get_by_test_id("view-main-title")).to_contain_text("Coronal")


def test_an_oblique_grid_is_announced(open_desk: Open, screen: Page) -> None:
    shape = (32, 32, 20)
    turn = np.array([[-0.9, 0.43, 0, 0], [-0.43, -0.9, 0, 0], [0, 0, 2, 0], [0, 0, 0, 1.0]])
    grid = Grid.from_affine(shape, turn)
    open_desk(block_case(np.zeros(shape, dtype=np.int16), grid, BLOCK))
    expect(screen.get_by_test_id("banner")).to_contain_text("oblique")
    expect(screen.get_by_test_id("view-main-right")).to_have_text("LP")


def test_a_missing_label_set_is_said_and_the_ct_still_opens(open_desk: Open, screen: Page) -> None:
    screen.route("**/masks/a", lambda route: route.fulfill(status=404, json={"error": "Gone."}))
    open_desk(case())
    expect(screen.get_by_test_id("banner")).to_contain_text("could not be opened. Gone.")
