"""What a reader looks at: the structure before each grade, and what is not saved."""

from __future__ import annotations

from contextlib import suppress

from playwright.sync_api import Page, TimeoutError, expect

SLOW = 30_000  # ms: five tries with pauses


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


def try_until_set_aside(screen: Page) -> None:
    """Let what always fails be tried again without its pauses, as when the network is back."""
    sign = screen.get_by_test_id("unsaved-sign")
    for _ in range(40):
        screen.evaluate("() => window.dispatchEvent(new Event('online'))")
        with suppress(TimeoutError):
            sign.wait_for(timeout=200)
            return
    raise AssertionError("It was never set aside.")


def not_saved(screen: Page, count: int) -> None:
    """Wait until the page says that so many acts are not saved."""
    sign = screen.get_by_test_id("unsaved-sign")
    if count:
        expect(sign).to_have_text(f"{count} not saved", timeout=SLOW)
    else:
        expect(sign).to_be_hidden()
