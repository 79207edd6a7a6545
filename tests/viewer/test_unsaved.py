"""A queue never jams: what cannot be stored is set aside with its reason, and all else goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect
from sqlmodel import select

from han5k_review.store.engine import reading
from han5k_review.store.tables import Grade
from tests.viewer.cases import block_case, lps_grid
from tests.viewer.desk import Desk, DeskCase
from tests.viewer.drawing_table import Table, near, on_slice
from tests.viewer.seeing import press_grade
from tests.viewer.test_grading import chosen, grade_of, said_saved

Open = Callable[..., Desk]
SHAPE = (24, 24, 16)
SLOW = 30_000  # ms: five tries with pauses
BAD = "Bad"
FIRST = tuple(f"A{n}" for n in range(10))
SECOND = tuple(f"B{n}" for n in range(10))
KEPT = """() => Object.keys(localStorage).filter((key) => key.startsWith('han5k-review.grade.'))
  .length"""


STROKE_IDS = """() => Object.keys(localStorage)
  .filter((key) => key.startsWith('han5k-review.stroke.')).sort()
  .map((key) => JSON.parse(localStorage.getItem(key)).patch.id)"""


def case(names: tuple[str, ...], assignment: int = 1) -> DeskCase:
    box = (slice(8, 16), slice(8, 16), slice(4, 9))
    hu = np.zeros(SHAPE, dtype=np.int16)
    grid = lps_grid(SHAPE, (1.0, 1.0, 3.0))
    options = {"case": f"HN-00{assignment}"}
    return block_case(hu, grid, dict.fromkeys(names, box), assignment=assignment, **options)


def grade_all(screen: Page, names: tuple[str, ...]) -> None:
    for name in names:
        screen.locator(f"[data-structure={name}]").click()
        chosen(screen, name)
        press_grade(screen, "2")


def not_saved(screen: Page, count: int) -> None:
    sign = screen.get_by_test_id("unsaved-sign")
    if count:
        expect(sign).to_have_text(f"{count} not saved", timeout=SLOW)
    else:
        expect(sign).to_be_hidden()


def drop_connection(route: Route) -> None:
    if BAD in (route.request.post_data or ""):
        route.abort("connectionreset")
    else:
        route.continue_()


@pytest.mark.parametrize("fault", [422, 413, 404, 500, 507])
def test_twenty_grades_behind_one_that_always_fails_are_stored_and_it_is_set_aside(
    open_desk: Open, screen: Page, fault: int
) -> None:
    desk = open_desk(case((BAD, *FIRST)), case(SECOND, 2))
    screen.route("**/grades", lambda route: route.abort())
    # What a page sends while it is left passes the route: the server takes nothing either.
    desk.faults.refused = dict.fromkeys((BAD, *FIRST, *SECOND), 503)
    grade_all(screen, (BAD, *FIRST))
    screen.goto(screen.url.replace("assignment=1", "assignment=2"))
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
    grade_all(screen, SECOND)
    expect(screen.get_by_test_id("save-state")).to_contain_text("(21)")
    assert desk.posted == []
    screen.unroute_all()
    desk.faults.refused = {BAD: fault}
    screen.reload()
    not_saved(screen, 1)
    screen.wait_for_function(f"({KEPT})() === 0")
    screen.reload()
    not_saved(screen, 1)
    assert sorted(one["structure"] for one in desk.posted) == sorted([*FIRST, *SECOND])
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
    for name in FIRST:
        grade_all(screen, (name,))
        mark = screen.locator(f"[data-structure={name}] .mark")
        expect(mark).not_to_have_class(re.compile("pending"))
        # The line may be gone: a failure counts only where others got through since the last one.
        screen.evaluate("() => window.dispatchEvent(new Event('online'))")
    assert len(desk.posted) == len(FIRST)
    not_saved(screen, 1)
    assert BAD not in [one["structure"] for one in desk.posted]


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
    desk = open_desk(case((BAD, *FIRST)))
    desk.faults.refused = {BAD: 500}
    grade_all(screen, (BAD, "A0"))
    not_saved(screen, 1)
    assert [one["structure"] for one in desk.posted] == ["A0"]
    desk.faults.refused = {}
    screen.keyboard.press("Shift+L")
    screen.get_by_test_id("unsaved-again").click()
    not_saved(screen, 0)
    grade_of(screen, BAD, "minor")
    assert [one["structure"] for one in desk.posted] == ["A0", BAD]


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
    assert [one["structure"] for one in desk.posted] == [BAD]


def test_undo_after_a_refusal_leaves_the_one_before(open_desk: Open, screen: Page) -> None:
    desk = open_desk(case((BAD, "A0")))
    desk.faults.refused = {BAD: 422}
    grade_all(screen, ("A0", BAD))
    not_saved(screen, 1)
    screen.keyboard.press("z")
    grade_of(screen, "A0", "")
    said_saved(screen)
    assert [(one["structure"], one["code"]) for one in desk.posted] == [
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
    assert [one["structure"] for one in desk.posted] == ["A0"]
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
    assert [one["structure"] for one in desk.posted] == [BAD]
    assert screen.evaluate(KEPT) == 1


def test_a_stroke_that_cannot_be_stored_is_set_aside_with_those_drawn_after_it(
    table: Table,
) -> None:
    """The second of three strokes arrives damaged, always: the first is stored, the others wait."""
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    screen.route("**/patches", lambda route: route.abort())
    lines = [table.drag("axial", 5, (6 + 3 * n, 5, 5), (6 + 3 * n, 14, 5)) for n in range(3)]
    state = screen.get_by_test_id("edit-state")
    expect(state).to_contain_text("waiting for the network (3)")
    bad = screen.evaluate(STROKE_IDS)[1]

    def damage(route: Route) -> None:
        sent = json.loads(route.request.post_data or "{}")
        for one in sent["patches"]:
            if one["id"] == bad:
                one["runs"] = "!!!"
        route.continue_(post_data=json.dumps(sent))

    screen.unroute_all()
    screen.route("**/patches", damage)
    screen.evaluate("() => window.dispatchEvent(new Event('online'))")
    aside = screen.get_by_test_id("aside")
    expect(aside).to_contain_text("2 strokes could not be saved: Runs in base64 were expected")
    expect(aside).to_contain_text("the others were drawn after it")
    not_saved(screen, 2)
    wanted = table.start() | (near(lines[0], 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(table.stored(1), wanted)
    screen.keyboard.press("Shift+L")
    expect(screen.get_by_test_id("unsaved-row")).to_contain_text("ParotidL")
    screen.keyboard.press("Escape")
    screen.get_by_test_id("aside-try").click()
    for line in lines[1:]:
        wanted |= near(line, 5) & on_slice("axial", 5)
    np.testing.assert_array_equal(table.stored(2), wanted)
    not_saved(screen, 0)


def test_a_draft_whose_strokes_always_fail_holds_up_no_other_draft_and_no_grade(
    table: Table,
) -> None:
    screen = table.screen
    fail = {"error": "The server met an error it does not know."}
    screen.route("**/ParotidL/patches", lambda route: route.fulfill(status=500, json=fail))
    table.edit()
    table.show("axial", 5)
    table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    expect(screen.get_by_test_id("edit-state")).to_contain_text("waiting")
    screen.keyboard.press("e")
    press_grade(screen, "1")
    said_saved(screen)
    screen.get_by_test_id("answer-keep").click()  # its draft, before the next structure
    table.name = "BrainStem"
    screen.locator("[data-structure=BrainStem]").click()
    table.edit()
    table.show("axial", 5)
    line = table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    wanted = table.start() | (near(line, 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(table.stored(1), wanted)
    # Others get through, so the one that never does is set aside in the end.
    not_saved(screen, 1)
    screen.keyboard.press("Shift+L")
    expect(screen.get_by_test_id("unsaved-reason")).to_contain_text("It was tried 5 times.")
    screen.unroute_all()
    screen.get_by_test_id("unsaved-mend").click()
    screen.get_by_test_id("answer-keep").click()
    chosen(screen, "ParotidL")
    expect(screen.get_by_test_id("aside")).to_contain_text("1 stroke could not be saved")
    expect(screen.get_by_test_id("aside-try")).to_be_enabled()
    screen.get_by_test_id("aside-try").click()
    not_saved(screen, 0)
    expect(screen.get_by_test_id("edit-state")).to_contain_text("saved")
