"""A queue never jams: what cannot be stored is set aside with its reason, and all else goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect
from sqlmodel import select

from han5k_review.store.engine import reading
from han5k_review.store.tables import Grade
from rigs.seeing import not_saved, press_grade, try_until_set_aside
from rigs.viewer_cases import DeskCase, block_case, lps_grid
from rigs.viewer_desk import Desk
from tests.viewer.drawing_table import Table
from tests.viewer.test_grading import chosen, grade_of, said_saved

Open = Callable[..., Desk]
SHAPE = (24, 24, 16)
BAD = "Bad"
FIRST = tuple(f"A{n}" for n in range(6))
SECOND = tuple(f"B{n}" for n in range(6))
KEPT = """() => Object.keys(localStorage).filter((key) => key.startsWith('han5k-review.grade.'))
  .length"""


def case(names: tuple[str, ...]) -> DeskCase:
    box = (slice(8, 16), slice(8, 16), slice(4, 9))
    hu = np.zeros(SHAPE, dtype=np.int16)
    grid = lps_grid(SHAPE, (1.0, 1.0, 3.0))
    return block_case(hu, grid, dict.fromkeys(names, box))


def grade_all(screen: Page, names: tuple[str, ...]) -> None:
    for name in names:
        screen.locator(f"[data-structure={name}]").click()
        chosen(screen, name)
        press_grade(screen, "2")


def drop_connection(route: Route) -> None:
    if BAD in (route.request.post_data or ""):
        route.abort("connectionreset")
    else:
        route.continue_()


# Set aside after five tries, and at once.
@pytest.mark.parametrize(("fault", "count"), [(500, 3), (422, 1)])
def test_all_grades_behind_one_that_always_fails_are_stored_and_it_is_set_aside(
    open_desk: Open, screen: Page, fault: int, count: int
) -> None:
    first, second = FIRST[:count], SECOND[:count]
    desk = open_desk(case((BAD, *first)), case(second))
    screen.route("**/grades", lambda route: route.abort())
    # What a page sends while it is left passes the route: the server takes nothing either.
    desk.faults.refused = dict.fromkeys((BAD, *first, *second), 503)
    grade_all(screen, (BAD, *first))
    screen.goto(screen.url.replace("assignment=1", "assignment=2"))
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    grade_all(screen, second)
    expect(screen.get_by_test_id("save-state")).to_contain_text(f"({2 * count + 1})")
    assert desk.grades() == []
    screen.unroute_all()
    desk.faults.refused = {BAD: fault}
    screen.reload()
    not_saved(screen, 1)
    screen.wait_for_function(f"({KEPT})() === 0")
    screen.reload()
    not_saved(screen, 1)
    assert sorted(one.structure for one in desk.grades()) == sorted([*first, *second])
    screen.get_by_test_id("unsaved-sign").click()
    row = screen.get_by_test_id("unsaved-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("HN-001  Bad")
    expect(row).to_contain_text("Minor revision")
    expect(screen.get_by_test_id("unsaved-reason")).to_contain_text("This one cannot be stored.")


def test_one_whose_connection_always_breaks_holds_up_nothing_and_is_set_aside_in_the_end(
    open_desk: Open, screen: Page
) -> None:
    desk = open_desk(case((BAD, *FIRST)))
    screen.route("**/grades", drop_connection)
    grade_all(screen, (BAD,))
    enough = FIRST[:6]  # it is tried five times
    for name in enough:
        grade_all(screen, (name,))
        mark = screen.locator(f"[data-structure={name}] .mark")
        expect(mark).not_to_have_class(re.compile("pending"))
        # The line may be gone: a failure counts only where others got through since the last one.
        screen.evaluate("() => window.dispatchEvent(new Event('online'))")
    assert len(desk.grades()) == len(enough)
    not_saved(screen, 1)
    assert BAD not in [one.structure for one in desk.grades()]


def test_half_an_emoji_is_refused_kept_mended_and_stored(table: Table, pictures: Path) -> None:
    """The real server answers; the bench's three structures are graded around the bad one."""
    screen = table.screen
    screen.keyboard.press("c")
    screen.keyboard.type("too high ")
    comment = screen.get_by_test_id("comment")
    comment.evaluate("""(field) => {
      field.value += "🩻"[0];
      field.dispatchEvent(new Event("input"));
    }""")
    screen.keyboard.press("Escape")
    press_grade(screen, "2")
    not_saved(screen, 1)
    for name in ("BrainStem", "ParotidR"):
        screen.locator(f"[data-structure={name}]").click()
        press_grade(screen, "1")
        said_saved(screen)
    grade_of(screen, "ParotidL", "")
    screen.reload()
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    not_saved(screen, 1)
    for width, height in ((1440, 900), (1024, 768)):
        screen.set_viewport_size({"width": width, "height": height})
        screen.screenshot(path=pictures / f"unsaved-sign-{width}.png")
        screen.keyboard.press("Shift+L")
        expect(screen.get_by_test_id("unsaved-reason")).to_contain_text("half of one")
        screen.screenshot(path=pictures / f"unsaved-list-{width}.png")
        screen.keyboard.press("Shift+L")
        expect(screen.get_by_test_id("unsaved")).to_be_hidden()
    screen.keyboard.press("Shift+L")
    expect(screen.get_by_test_id("unsaved-mend")).to_be_focused()
    screen.keyboard.press("Enter")
    chosen(screen, "ParotidL")
    expect(comment).to_be_focused()
    # Of two closings a busy browser tells the first one late.
    screen.get_by_test_id("unsaved").evaluate("(list) => list.dispatchEvent(new Event('close'))")
    expect(comment).to_be_focused()
    assert comment.evaluate("(field) => field.value.length") == len("too high ") + 1
    expect(screen.get_by_test_id("alert")).to_contain_text("Not saved: Whole characters")
    screen.keyboard.press("Backspace")
    screen.keyboard.press("Escape")
    press_grade(screen, "2")
    said_saved(screen)
    not_saved(screen, 0)
    with reading(table.bench.study.engine) as session:
        rows = session.exec(select(Grade.structure, Grade.raw_code, Grade.comment)).all()
    assert ("ParotidL", "minor", "too high") in rows
    assert len(rows) == 3


def test_what_is_dropped_is_asked_for_once_and_gone(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    desk.faults.refused = {BAD: 422}
    grade_all(screen, (BAD, "A0"))
    not_saved(screen, 1)
    screen.keyboard.press("Shift+L")
    screen.get_by_test_id("unsaved-drop").press("Enter")
    expect(screen.get_by_test_id("unsaved-keep")).to_be_focused()
    screen.get_by_test_id("unsaved-keep").press("Enter")
    expect(screen.get_by_test_id("unsaved-row")).to_be_visible()
    screen.get_by_test_id("unsaved-drop").click()
    screen.get_by_test_id("unsaved-confirm").click()
    not_saved(screen, 0)
    expect(screen.get_by_test_id("unsaved")).to_be_hidden()
    screen.reload()
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    not_saved(screen, 0)


def test_what_the_server_could_not_take_may_be_sent_again(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    desk.faults.refused = {BAD: 500}
    grade_all(screen, (BAD, "A0"))
    expect(screen.locator("[data-structure=A0] .mark")).not_to_have_class(re.compile("pending"))
    try_until_set_aside(screen)
    assert [one.structure for one in desk.grades()] == ["A0"]
    desk.faults.refused = {}
    screen.keyboard.press("Shift+L")
    screen.get_by_test_id("unsaved-again").click()
    not_saved(screen, 0)
    grade_of(screen, BAD, "minor")
    assert [one.structure for one in desk.grades()] == ["A0", BAD]


def test_a_newer_grade_takes_the_place_of_what_was_set_aside(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    desk.faults.refused = {BAD: 422}
    grade_all(screen, (BAD,))
    not_saved(screen, 1)
    expect(screen.locator("[data-unsaved=true]")).to_have_count(1)
    grade_all(screen, (BAD,))
    not_saved(screen, 1)
    desk.faults.refused = {}
    grade_all(screen, (BAD,))
    not_saved(screen, 0)
    assert [one.structure for one in desk.grades()] == [BAD]


def test_undo_after_a_refusal_leaves_the_one_before(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    desk.faults.refused = {BAD: 422}
    grade_all(screen, ("A0", BAD))
    not_saved(screen, 1)
    screen.keyboard.press("z")
    grade_of(screen, "A0", "")
    said_saved(screen)
    assert [(one.structure, one.raw_code) for one in desk.grades()] == [
        ("A0", "minor"),
        ("A0", None),
    ]


def test_an_entry_that_cannot_be_read_is_in_nobodys_way(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    screen.evaluate("() => localStorage.setItem('han5k-review.grade.000.x', '{half')")
    screen.reload()
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    grade_all(screen, ("A0",))
    said_saved(screen)
    assert [one.structure for one in desk.grades()] == ["A0"]
    assert screen.evaluate("() => localStorage.getItem('han5k-review.grade.000.x')") == "{half"


def test_another_accounts_acts_are_neither_shown_nor_sent(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    screen.evaluate(
        """() => {
          const body = { request_id: 'x'.repeat(8), structure: 'A0', label_version: 7, code: 'no' };
          const entry = { url: '/api/assignments/1/grades', body, account: 'somebody' };
          localStorage.setItem('han5k-review.grade.001.x', JSON.stringify(entry));
          const aside = JSON.stringify({ ...entry, reason: 'secret', status: 422 });
          localStorage.setItem('han5k-review.grade-aside.002.x', aside);
        }"""
    )
    screen.reload()
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    grade_all(screen, (BAD,))
    said_saved(screen)
    not_saved(screen, 0)
    assert [one.structure for one in desk.grades()] == [BAD]
    assert screen.evaluate(KEPT) == 1
