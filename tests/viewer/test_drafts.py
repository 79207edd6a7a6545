"""Drafts in the browser: nothing drawn is lost, nobody overwrites, nothing is submitted unasked."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
from playwright.sync_api import Error, Page, Route, expect

from rigs.seeing import press_grade
from tests.viewer.drawing_table import Table, near, on_slice


def test_the_neighbours_stay_bit_for_bit(table: Table) -> None:
    url = f"{table.url}/api/assignments/1/masks/a"
    before = table.screen.request.get(url).body()
    table.edit()
    table.show("axial", 4)
    table.size(30)
    table.drag("axial", 4, (4, 5, 4), (12, 5, 4))
    table.stored()
    assert table.screen.request.get(url).body() == before
    drafts = table.screen.request.get(f"{table.url}/api/assignments/1/drafts").json()["drafts"]
    assert [draft["structure"] for draft in drafts] == ["ParotidL"]


def test_a_draft_without_a_stroke_starts_from_the_contour_that_is_here(table: Table) -> None:
    asked: list[str] = []
    table.screen.on("request", lambda request: asked.append(request.url))
    table.edit()
    assert [url for url in asked if url.endswith("/drafts/ParotidL")], "it was opened"
    assert not [url for url in asked if url.endswith(("/mask", "/patches"))]
    table.show("axial", 4)
    strokes = table.drag("axial", 4, (8, 9, 4), (13, 13, 4))
    assert len(strokes)
    assert table.stored().any()


def offered(screen: Page) -> None:
    """The page offers the edit that was left, and a key takes it."""
    words = screen.get_by_test_id("question-words")
    expect(words).to_contain_text("Your edit of ParotidL was left open")
    take(screen)


def take(screen: Page) -> None:
    """The key of the offer, which counts once it was in sight for a moment."""
    while screen.get_by_test_id("question").is_visible():
        screen.keyboard.press("Enter")
    expect(screen.locator("[data-action=brush]")).to_be_visible()


def test_a_closed_tab_goes_on_where_it_was(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 11)
    table.drag("axial", 11, (8, 9, 11), (13, 13, 11))
    drawn = table.stored()
    table.mount()
    offered(screen)
    expect(screen.get_by_test_id("view-main")).to_have_attribute("data-slice", "11")
    screen.keyboard.press("r")
    rubbed = table.drag("axial", 11, (8, 9, 11), (9, 9, 11))
    wanted = drawn & ~(near(rubbed, 5) & on_slice("axial", 11))
    np.testing.assert_array_equal(table.stored(), wanted)


def test_a_crashed_tab_is_taken_over_though_its_lease_still_runs(table: Table) -> None:
    page = table.screen.context.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    other = Table(screen=page, url=table.url, bench=table.bench)
    other.open()
    other.edit()
    other.show("axial", 11)
    other.drag("axial", 11, (8, 9, 11), (13, 13, 11))
    drawn = other.stored()
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash")
    page.close()
    table.mount()
    offered(table.screen)
    expect(table.screen.get_by_test_id("view-main")).to_have_attribute("data-slice", "11")
    table.steps = 1
    np.testing.assert_array_equal(table.stored(0), drawn)


def test_strokes_without_a_network_wait_and_are_sent_in_order(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    screen.context.set_offline(True)
    drawn = [table.drag("axial", 5, (6 + 3 * n, 5, 5), (6 + 3 * n, 14, 5)) for n in range(3)]
    state = screen.get_by_test_id("edit-state")
    expect(state).to_contain_text("waiting for the network (3)")
    screen.keyboard.press("Shift+E")
    expect(screen.get_by_test_id("edit-alert")).to_have_text(
        "Strokes are kept in this browser and sent in order when the network returns. "
        "Then try again."
    )
    screen.context.set_offline(False)
    wanted = table.start()
    for line in drawn:
        wanted |= near(line, 5) & on_slice("axial", 5)
    np.testing.assert_array_equal(table.stored(3), wanted)


def test_strokes_of_a_tab_that_died_offline_are_sent_by_the_next(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    screen.route("**/patches", lambda route: route.abort())
    drawn = table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    expect(screen.get_by_test_id("edit-state")).to_contain_text("waiting for the network (1)")
    screen.route("**/lease", lambda route: route.abort())
    screen.goto("about:blank")
    screen.unroute_all()
    table.mount()
    words = screen.get_by_test_id("question-words")
    expect(words).to_contain_text("Your edit of ParotidL was left open")
    screen.get_by_test_id("answer-resume").click()
    wanted = table.start() | (near(drawn, 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(table.stored(), wanted)


def test_a_second_tab_is_told_and_may_take_over(table: Table) -> None:
    table.edit()
    table.show("axial", 5)
    table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    first = table.stored()
    page = table.screen.context.new_page()
    page.set_viewport_size({"width": 1440, "height": 900})
    other = Table(screen=page, url=table.url, bench=table.bench, steps=1)
    other.open()
    page.keyboard.press("e")
    expect(page.get_by_test_id("edit-state")).to_contain_text("held by another")
    expect(page.locator("[data-action=brush]")).to_be_hidden()
    words = page.get_by_test_id("question-words")
    expect(words).to_contain_text("in hand in another tab or browser of yours")
    take(page)
    other.show("axial", 5)
    drawn = other.drag("axial", 5, (16, 6, 5), (16, 14, 5))
    wanted = first | (near(drawn, 5) & on_slice("axial", 5))
    np.testing.assert_array_equal(other.stored(), wanted)
    table.drag("axial", 5, (4, 4, 5), (4, 15, 5))
    expect(table.screen.get_by_test_id("edit-state")).to_contain_text("held by another")
    alert = table.screen.get_by_test_id("edit-alert")
    expect(alert).to_contain_text("ParotidL is now edited in another tab")
    expect(table.screen.get_by_test_id("edit-take-over")).to_be_in_viewport(ratio=1)
    np.testing.assert_array_equal(other.stored(0), wanted)
    page.close()
    table.screen.get_by_test_id("edit-take-over").click()
    expect(table.screen.get_by_test_id("aside")).to_contain_text("1 stroke no longer fits")
    table.steps += 1
    np.testing.assert_array_equal(table.stored(0), wanted)


def test_a_grade_that_disagrees_is_asked_about_before_the_revision(table: Table) -> None:
    screen = table.screen
    press_grade(screen, "1")
    expect(screen.get_by_test_id("save-state")).to_contain_text("saved")
    screen.locator("[data-structure=ParotidL]").click()
    table.edit()
    table.show("axial", 5)
    table.size(30)
    table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    table.stored()
    screen.keyboard.press("Shift+E")
    # The first measurement after an installation compiles.
    question = screen.get_by_test_id("question")
    expect(question).to_be_visible(timeout=60_000)
    screen.get_by_test_id("answer-stay").click()
    expect(question).to_be_hidden()
    screen.keyboard.press("Shift+E")
    screen.get_by_test_id("answer-keep").click()
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("Revision of ParotidL submitted")
    drafts = screen.request.get(f"{table.url}/api/assignments/1/drafts").json()["drafts"]
    assert drafts == []


def test_a_draft_is_discarded_only_when_asked_twice(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    table.stored()
    screen.get_by_test_id("edit-discard").click()
    screen.get_by_test_id("edit-confirm").click()
    expect(screen.get_by_test_id("edit-alert")).to_have_text("The draft was discarded.")
    table.edit()
    table.steps = 0
    np.testing.assert_array_equal(table.stored(0), table.start())


def test_the_palette_fits_both_screens(table: Table, pictures: Path) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 4)
    table.size(12)
    table.drag("axial", 4, (8, 9, 4), (13, 13, 4))
    table.stored()
    for width, height in ((1440, 900), (1024, 768)):
        screen.set_viewport_size({"width": width, "height": height})
        screen.mouse.move(*table.pixel("axial", (12, 8, 4)))
        submit = screen.locator("[data-action=submit-edit]")
        submit.scroll_into_view_if_needed()
        expect(submit).to_be_in_viewport()
        box, side = submit.bounding_box(), screen.locator(".side").bounding_box()
        assert box is not None
        assert side is not None
        assert box["x"] + box["width"] <= side["x"] + side["width"]
        screen.locator(".side").evaluate("(side) => { side.scrollTop = 0; }")
        screen.screenshot(path=pictures / f"editing-{width}.png")


def test_a_reader_who_goes_on_declines_what_is_offered(table: Table) -> None:
    screen = table.screen
    table.edit()
    table.show("axial", 5)
    table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
    table.stored()
    question, workspace = screen.get_by_test_id("question"), screen.get_by_test_id("workspace")
    ways = {
        "a click": lambda: screen.locator("[data-structure=BrainStem]").click(),
        "a key": lambda: screen.keyboard.press("p"),
    }
    for go_on in ways.values():
        table.mount()
        expect(question).to_be_visible()
        screen.keyboard.press("ArrowUp")
        expect(question).to_be_visible()
        go_on()
        expect(workspace).to_have_attribute("data-chosen", "BrainStem")
        expect(question).to_be_hidden()


def test_the_edit_key_counts_before_the_contours_are_here(table: Table) -> None:
    screen = table.screen
    held: list[Route] = []
    late: list[bool] = []

    def hold(route: Route) -> None:
        if late:
            route.continue_()
        else:
            held.append(route)

    screen.route("**/masks/**", hold)
    table.open()
    screen.keyboard.press("e")
    alert = screen.get_by_test_id("edit-alert")
    expect(alert).to_have_text("The contours are still loading; editing begins when they are here.")
    late.append(True)
    for route in held:
        route.continue_()
    expect(screen.locator("[data-action=brush]")).to_be_visible()
    expect(alert).to_be_hidden()
