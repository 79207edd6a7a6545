"""What a reader does before each grade: look at the structure."""

from __future__ import annotations

from playwright.sync_api import Page


def look(screen: Page) -> None:
    """Wait until the chosen structure was on the screen long enough to be graded."""
    screen.wait_for_function(
        "({ dataset }) => dataset.inSight && dataset.inSight === dataset.chosen",
        arg=screen.get_by_test_id("workspace").element_handle(),
    )


def press_grade(screen: Page, key: str) -> None:
    """Look, then press a grade key."""
    look(screen)
    screen.keyboard.press(key)
