"""Grades by key: back and forth, bouncing, and in two tabs."""

from __future__ import annotations

from playwright.sync_api import expect

from rigs.seeing import look
from tests.viewer.drawing_table import Table


def test_grades_go_back_and_forth_by_the_keys_of_every_program(table: Table) -> None:
    screen = table.screen
    row = screen.locator("[data-structure=ParotidL]")
    look(screen)
    screen.keyboard.press("2")
    expect(row).to_have_attribute("data-grade", "minor")
    screen.keyboard.press("Control+z")
    expect(row).not_to_have_attribute("data-grade", "minor")
    screen.keyboard.press("Control+y")
    expect(row).to_have_attribute("data-grade", "minor")


# A key twice, and once more in the moment in which the next structure is chosen.
BOUNCE = """(workspace) => new Promise((done) => {
  const press = () => document.body.dispatchEvent(new KeyboardEvent("keydown",
    { key: "2", code: "Digit2", bubbles: true, composed: true }));
  const seen = new MutationObserver(() => { seen.disconnect(); press(); done(); });
  seen.observe(workspace, { attributes: true, attributeFilter: ["data-chosen"] });
  press();
  press();
})"""


def test_a_key_that_bounces_grades_one_structure(table: Table) -> None:
    screen = table.screen
    look(screen)
    workspace = screen.get_by_test_id("workspace")
    workspace.evaluate(BOUNCE)
    expect(workspace).not_to_have_attribute("data-chosen", "ParotidL")
    expect(screen.get_by_test_id("save-state")).to_contain_text("saved")
    expect(screen.get_by_test_id("progress")).to_contain_text("1 / 3 graded")
    look(screen)
    screen.keyboard.press("2")
    expect(screen.get_by_test_id("progress")).to_contain_text("2 / 3 graded")


def test_a_second_tab_sees_the_first_ones_grades(table: Table) -> None:
    screen = table.screen
    page = screen.context.new_page()
    other = Table(screen=page, url=table.url, bench=table.bench)
    other.open()
    screen.bring_to_front()
    look(screen)
    screen.keyboard.press("3")
    expect(page.locator("[data-structure=ParotidL]")).to_have_attribute("data-grade", "major")
    # Another machine: no channel between the two, but the server knows.
    screen.request.post(
        f"{table.url}/api/assignments/1/grades",
        data={
            "request_id": "another-machine",
            "structure": "BrainStem",
            "label_version": table.bench.number("BrainStem"),
            "code": "minor",
        },
        headers={"Origin": table.url},
    )
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.locator("[data-structure=BrainStem]")).to_have_attribute("data-grade", "minor")
    page.close()
