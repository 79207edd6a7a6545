"""What a reader does before each grade: look at the structure."""

from __future__ import annotations

from playwright.sync_api import Page


def look(screen: Page) -> None:
    """Wait until the chosen structure was on the screen long enough to be graded.

    The mark is empty from each choice on until then. It is looked up anew each time: a page that
    changes its case may mount the workspace once more.
    """
    screen.locator('[data-testid=workspace][data-in-sight]:not([data-in-sight=""])').wait_for()


def press_grade(screen: Page, key: str) -> None:
    """Look, then press a grade key."""
    look(screen)
    screen.keyboard.press(key)
