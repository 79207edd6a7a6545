"""Questions about the whole list: accepting the rest, filters, and what follows the last grade."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from rigs.seeing import press_grade
from tests.viewer.grades_given import EVENTS, Open, case, chosen, grade_of, said_saved


def test_the_rest_is_accepted_by_key_once_it_was_scrolled_through(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(case())
    # A slice that has not come yet was not seen, however often a key goes there.
    loaded = re.compile(r"^(\d+)/\1$")
    expect(screen.get_by_test_id("workspace")).to_have_attribute("data-loaded", loaded)
    chosen(screen, "BrainStem")
    screen.keyboard.press("Shift+Y")
    notice = screen.get_by_test_id("banner")
    expect(notice).to_contain_text("scroll through")
    screen.keyboard.press("Escape")
    expect(notice).to_be_hidden()  # it goes with the next key
    screen.keyboard.press("u")  # leave the zoom
    screen.keyboard.press("b")
    view = screen.get_by_test_id("view-main")
    for k in (*range(3, 1, -1), *range(3, 10)):  # BrainStem lies on 2 to 6, Larynx on 5 to 9
        at = int(view.get_attribute("data-slice") or 0)
        screen.keyboard.press("ArrowUp" if k > at else "ArrowDown")
        expect(view).to_have_attribute("data-slice", str(k))
    screen.keyboard.press("Shift+Y")
    words = screen.get_by_test_id("question-words")
    expect(words).to_contain_text("2 structures were scrolled through. 1 was not")
    expect(screen.get_by_test_id("answer-all")).to_contain_text("All (2)")
    screen.get_by_test_id("answer-all").click()
    grade_of(screen, "BrainStem", "no")
    grade_of(screen, "Larynx", "no")
    said_saved(screen)
    assert [(one.structure, one.in_bulk) for one in desk.grades()] == [
        ("BrainStem", True),
        ("Larynx", True),
    ]
    screen.keyboard.press("z")  # one act, taken back as one
    grade_of(screen, "BrainStem", "")
    grade_of(screen, "Larynx", "")


def test_filters_are_chosen_by_key_and_the_last_grade_offers_the_next_case(
    open_desk: Open, screen: Page
) -> None:
    open_desk(case(has_next=True), case())
    screen.keyboard.press("Shift+T")
    screen.keyboard.press("u")
    expect(screen.get_by_test_id("filter")).to_contain_text("Without a grade: 3 of 3")
    for left in (2, 1):
        press_grade(screen, "1")
        expect(screen.get_by_test_id("filter")).to_contain_text(f"Without a grade: {left} of 3")
        expect(screen.get_by_test_id("structure")).to_have_count(left)
    press_grade(screen, "1")
    words = screen.get_by_test_id("question-words")
    expect(words).to_have_text("All 3 structures of HN-001 are graded and saved.")
    screen.get_by_test_id("answer-next").click()
    screen.wait_for_function(f"{EVENTS}.some(([, event]) => event.kind === 'next_case')")
