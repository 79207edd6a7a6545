"""Every layout grades with the same fingers: real key events with the key and code it sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from rigs.seeing import look, press_grade
from rigs.viewer_desk import Desk
from tests.viewer.blocks import case, chosen, compared_case
from tests.viewer.drawing_table import Table
from tests.viewer.test_grading import grade_of, said_saved

Open = Callable[..., Desk]
ALT, CTRL, META, SHIFT = 1, 2, 4, 8
# layout -> the keys for: minor revision, next structure, previous structure, hide. One layout for
# each way to find a key; the others are in javascript/keyboard.test.mjs.
LAYOUTS = {
    "AZERTY": (("é", "Digit2"), ("n", "KeyN"), ("p", "KeyP"), ("h", "KeyH")),
    "Czech": (("ě", "Digit2"), ("n", "KeyN"), ("p", "KeyP"), ("h", "KeyH")),
    "Cyrillic": (("2", "Digit2"), ("т", "KeyN"), ("з", "KeyP"), ("р", "KeyH")),
    "number pad": (("2", "Numpad2"), ("n", "KeyN"), ("p", "KeyP"), ("h", "KeyH")),
}


@pytest.fixture
def press(screen: Page) -> Iterator[Callable[..., None]]:
    """press(key, code, modifiers): the browser receives the key as from that keyboard."""
    session: CDPSession = screen.context.new_cdp_session(screen)

    def send(key: str, code: str, modifiers: int = 0) -> None:
        event: dict[str, Any] = {"key": key, "code": code, "modifiers": modifiers}
        session.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **event})
        if len(key) == 1 and not modifiers & (CTRL | META):
            session.send("Input.dispatchKeyEvent", {"type": "char", "text": key, **event})
        session.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    yield send
    session.detach()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_case_is_graded_on_every_layout(
    open_desk: Open, screen: Page, press: Callable[..., None], layout: str
) -> None:
    desk = open_desk(case())
    minor, following, previous, hide = LAYOUTS[layout]
    chosen(screen, "ParotidL")
    press(*hide)
    expect(screen.locator("[data-structure=ParotidL]")).to_have_class("row off")
    press(*hide)
    press(*following)
    chosen(screen, "ParotidR")
    press(*previous)
    chosen(screen, "ParotidL")
    look(screen)
    press(*minor)
    grade_of(screen, "ParotidL", "minor")
    chosen(screen, "ParotidR")
    said_saved(screen)
    assert [(one.structure, one.raw_code) for one in desk.grades()] == [("ParotidL", "minor")]


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        (("[", "BracketLeft", 0), ("]", "BracketRight", 0)),
        (("[", "Digit5", ALT), ("]", "Digit6", ALT)),
        (("х", "BracketLeft", 0), ("ъ", "BracketRight", 0)),
        (("Dead", "BracketLeft", 0), ("$", "BracketRight", 0)),
    ],
    ids=["US", "Mac German, Option", "Cyrillic", "AZERTY"],
)
def test_brackets_are_found_where_the_layout_has_them(
    table: Table,
    press: Callable[..., None],
    smaller: tuple[str, str, int],
    larger: tuple[str, str, int],
) -> None:
    table.edit()
    size = table.screen.get_by_test_id("brush-size")
    table.size(10)
    press(*smaller)
    expect(size).not_to_have_text("10 mm")
    press(*larger)
    expect(size).to_have_text("10 mm")


def test_altgr_of_windows_makes_a_bracket_though_it_counts_as_ctrl(table: Table) -> None:
    """DevTools cannot hold AltGr, so this one event is made in the page."""
    table.edit()
    table.size(10)
    table.screen.evaluate(
        """() => window.dispatchEvent(new KeyboardEvent('keydown', { key: '[', code: 'Digit8',
          ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true, composed: true }))"""
    )
    expect(table.screen.get_by_test_id("brush-size")).not_to_have_text("10 mm")


def test_keys_of_the_browser_and_of_text_in_the_making_do_nothing(
    open_desk: Open, screen: Page, press: Callable[..., None]
) -> None:
    desk = open_desk(case())
    look(screen)
    press("2", "Digit2", ALT)
    press("b", "KeyB", CTRL)
    press("b", "KeyB", META)
    press("Process", "Digit2")
    screen.evaluate(
        """() => window.dispatchEvent(new KeyboardEvent('keydown', { key: '2', code: 'Digit2',
          isComposing: true, bubbles: true }))"""
    )
    screen.keyboard.press("c")
    press("2", "Digit2")
    press("т", "KeyN")
    expect(screen.get_by_test_id("comment")).to_have_value("2т")
    screen.keyboard.press("Escape")
    screen.get_by_test_id("search").focus()
    press("3", "Numpad3")
    expect(screen.get_by_test_id("search")).to_have_value("3")
    assert desk.grades() == []


def test_the_help_shows_what_this_keyboard_has(
    open_desk: Open, screen: Page, press: Callable[..., None]
) -> None:
    open_desk(case())
    press("т", "KeyN")
    chosen(screen, "ParotidR")
    press("з", "KeyP")
    screen.keyboard.press("?")
    row = screen.get_by_test_id("help").locator("dt", has_text="т").first
    expect(row).to_have_text("т")
    expect(screen.get_by_test_id("keys-status")).to_contain_text("by the keys you pressed")
    screen.keyboard.press("Escape")
    expect(screen.locator("[data-action=next-structure]")).to_have_attribute(
        "title", "Next structure (т)"
    )


def test_a_key_is_changed_a_conflict_is_said_and_all_is_set_back(
    open_desk: Open, screen: Page, pictures: Path
) -> None:
    open_desk(compared_case())
    for width, height in ((1440, 900), (1024, 768)):
        screen.set_viewport_size({"width": width, "height": height})
        screen.keyboard.press("?")
        screen.screenshot(path=pictures / f"keys-{width}.png")
        screen.get_by_test_id("keys-change").click()
        screen.screenshot(path=pictures / f"keys-change-{width}.png")
        screen.get_by_test_id("help-close").click()
    screen.keyboard.press("?")
    status = screen.get_by_test_id("keys-status")
    change = screen.locator("[data-change=next-structure]")
    screen.get_by_test_id("keys-change").click()
    change.click()
    expect(change).to_have_text("press a key")
    press_grade(screen, "1")
    expect(status).to_contain_text("1 gives a grade of this study")
    screen.keyboard.press("x")
    expect(status).to_contain_text("x is taken: Next plane in the large view.")
    screen.screenshot(path=pictures / "keys-taken.png")
    screen.keyboard.press("Escape")
    expect(change).to_have_text("n")
    change.click()
    screen.keyboard.press("x")
    screen.get_by_test_id("key-replace").click()
    expect(change).to_have_text("x")
    expect(screen.locator("[data-change=plane]")).to_have_text("none")
    screen.get_by_test_id("help-close").click()
    screen.reload()
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    chosen(screen, "ParotidL")
    screen.keyboard.press("n")
    chosen(screen, "ParotidL")
    screen.keyboard.press("x")
    chosen(screen, "ParotidR")
    button = screen.locator("[data-action=next-structure]")
    expect(button).to_have_attribute("title", "Next structure (x)")
    screen.keyboard.press("?")
    screen.get_by_test_id("keys-change").click()
    screen.get_by_test_id("keys-reset").click()
    expect(change).to_have_text("n")
    screen.get_by_test_id("help-close").click()
    expect(button).to_have_attribute("title", "Next structure (n)")
    screen.keyboard.press("p")
    chosen(screen, "ParotidL")
