"""Strokes that the server could not store: set aside, said, and in nobody's way."""

from __future__ import annotations

import json

import numpy as np
from playwright.sync_api import Route, expect

from rigs.seeing import not_saved, press_grade, try_until_set_aside
from tests.viewer.drawing_table import Table, near, on_slice
from tests.viewer.test_grading import chosen, said_saved

STROKE_IDS = """() => Object.keys(localStorage)
  .filter((key) => key.startsWith('han5k-review.stroke.')).sort()
  .map((key) => JSON.parse(localStorage.getItem(key)).patch.id)"""


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
    try_until_set_aside(screen)
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
