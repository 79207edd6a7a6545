"""A tablet: real touch events, one and two fingers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import numpy as np
import pytest
from playwright.sync_api import CDPSession, Page, expect

from rigs.viewer_desk import Desk
from tests.viewer.blocks import at_slice, case
from tests.viewer.drawing_table import Table, near, on_slice

Open = Callable[..., Desk]
MakeHand = Callable[[], "Hand"]
Point = tuple[float, float]


class Hand:
    """Fingers on the screen, by the browser's own input."""

    def __init__(self, screen: Page) -> None:
        self.session: CDPSession = screen.context.new_cdp_session(screen)
        self.session.send(
            "Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2}
        )

    def touch(self, kind: str, *points: Point) -> None:
        """touchStart, touchMove or touchEnd; `points` are all fingers that are down."""
        fingers = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        self.session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def drag(self, *path: Sequence[Point]) -> None:
        """All fingers go down at the first place, move along, and leave."""
        self.touch("touchStart", *path[0])
        for points in path[1:]:
            self.touch("touchMove", *points)
        self.touch("touchEnd")


@pytest.fixture
def make_hand(screen: Page) -> Iterator[MakeHand]:
    """make_hand(): fingers, which are taken away from the screen after the test."""
    with ExitStack() as stack:

        def make() -> Hand:
            hand = Hand(screen)
            stack.callback(hand.session.detach)
            return hand

        yield make


def middle(screen: Page) -> Point:
    box = screen.get_by_test_id("view-main").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drawn(screen: Page) -> None:
    """Wait until the present frame is drawn."""
    screen.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def pixels_per_mm(screen: Page) -> float:
    """As the scale bar has it: its width, and the length it names."""
    drawn(screen)
    bar = screen.get_by_test_id("view-main-scale")
    number, unit = (bar.text_content() or "").split()
    width = float(bar.evaluate("(bar) => parseFloat(bar.style.width)"))
    return width / (float(number) * (10 if unit == "cm" else 1))


def test_one_finger_steps_taps_and_drags_the_window(
    open_desk: Open, screen: Page, make_hand: MakeHand
) -> None:
    open_desk(case())
    hand, (x, y) = make_hand(), middle(screen)
    hand.drag([(x, y)], [(x, y - 20)], [(x, y - 40)])
    at_slice(screen, 14 + 3)
    hand.drag([(x, y)], [(x, y + 20)], [(x, y + 26)])
    at_slice(screen, 17 - 2)
    before = screen.get_by_test_id("view-upper").get_attribute("data-slice") or ""
    hand.drag([(x - 150, y)])
    expect(screen.get_by_test_id("view-upper")).not_to_have_attribute("data-slice", before)
    at_slice(screen, 15)
    expect(screen.get_by_test_id("window-select")).to_have_value("H&N soft")
    hand.touch("touchStart", (x, y))
    rested = screen.locator("[data-testid=view-main][data-drags=window]")
    rested.wait_for()
    hand.touch("touchMove", (x + 60, y))
    hand.touch("touchEnd")
    expect(rested).to_have_count(0)
    expect(screen.get_by_test_id("window-select")).to_have_value("by hand")
    at_slice(screen, 15)


def test_two_fingers_zoom_and_move_the_picture(
    open_desk: Open, screen: Page, make_hand: MakeHand
) -> None:
    open_desk(case())
    screen.keyboard.press("b")
    hand, (x, y) = make_hand(), middle(screen)
    before = pixels_per_mm(screen)
    hand.drag([(x - 50, y), (x + 50, y)], [(x - 75, y), (x + 75, y)], [(x - 100, y), (x + 100, y)])
    assert pixels_per_mm(screen) / before == pytest.approx(2, rel=0.02)
    cross = screen.get_by_test_id("view-main-cross-v")
    place = "(cross) => new DOMMatrix(getComputedStyle(cross).transform).e"
    was = cross.evaluate(place)
    hand.drag([(x - 50, y), (x + 50, y)], [(x - 20, y), (x + 80, y)])
    drawn(screen)
    assert cross.evaluate(place) - was == pytest.approx(30, abs=2)
    at_slice(screen, 14)


def test_a_finger_draws_and_a_second_one_takes_the_stroke_back(
    table: Table, make_hand: MakeHand
) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    hand = make_hand()
    pixels = [table.pixel("axial", place) for place in ((6, 6, 5), (15, 14, 5))]
    hand.touch("touchStart", pixels[0])
    hand.touch("touchMove", pixels[1])
    hand.touch("touchStart", pixels[1], (pixels[1][0] + 80, pixels[1][1]))
    hand.touch("touchMove", pixels[1], (pixels[1][0] + 120, pixels[1][1]))
    hand.touch("touchEnd")
    expect(screen.get_by_test_id("edit-figures")).to_contain_text("VRD 0.0 %")
    screen.keyboard.press("b")
    hand.drag(*[[pixel] for pixel in pixels])
    points = np.array([table.point("axial", pixel, 5) for pixel in pixels])
    wanted = table.start() | (near(points, 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(table.stored(), wanted)


SMALL = """() => {
  const root = document.getElementById("host").shadowRoot;
  const boxes = [...root.querySelectorAll("button, select, input, .row")]
    .filter((one) => one.checkVisibility() && !one.closest("dialog"))
    .map((one) => [one.getBoundingClientRect(), one.outerHTML.slice(0, 90)]);
  return boxes.filter(([box]) => Math.round(box.width) < 32 || Math.round(box.height) < 32)
    .map(([box, what]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${what}`);
}"""


def test_what_a_finger_taps_is_32_pixels_or_more(table: Table, make_hand: MakeHand) -> None:
    screen = table.screen
    make_hand()
    assert screen.evaluate(SMALL) == []
    table.edit()
    assert screen.evaluate(SMALL) == []
