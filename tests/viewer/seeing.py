"""What a reader does before each grade: look at the structure."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def look(screen: Page) -> None:
    """Wait until the chosen structure was on the screen long enough to be graded."""
    workspace = screen.get_by_test_id("workspace")
    chosen = workspace.get_attribute("data-chosen") or "a chosen structure"
    expect(workspace).to_have_attribute("data-in-sight", chosen)


def press_grade(screen: Page, key: str) -> None:
    """Look, then press a grade key."""
    look(screen)
    screen.keyboard.press(key)
