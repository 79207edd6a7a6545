"""The browser's part of benchmarks/reading.py: signing in, waiting, and the clocks in the page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page

from benchmarks.reading_parts.study import PASSWORD
from rigs.seeing import FIND_WORKSPACE, sign_in
from rigs.server import Server

TWO_FRAMES = "new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
# The time from a key until the workspace has drawn another structure, by the browser's own clock.
PRESSED = """() => {
  window.keyTimes = [];
  new MutationObserver(() => {
    if (window.pressedAt === null) return;
    window.keyTimes.push(performance.now() - window.pressedAt);
    window.pressedAt = null;
  }).observe(window.findWorkspace(), { attributeFilter: ["data-chosen"] });
}"""
# Before the page's own scripts: its listener lets no other one hear a key after it.
NOTE_KEYS = """window.pressedAt = null;
addEventListener("keydown", (event) => {
  if (/^[0-9]$/.test(event.key)) window.pressedAt = performance.now();
}, { capture: true });"""


@contextmanager
def signed_in(browser: Browser, server: Server, name: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.add_init_script(NOTE_KEYS + FIND_WORKSPACE)
    sign_in(page, server.url, name, PASSWORD)
    yield page
    context.close()


def wait_until_finished(page: Page) -> None:
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()


def wait_until_quiet(page: Page) -> None:
    """Return once nothing was asked of the server for two seconds."""
    last = [time.monotonic()]

    def note(_: object) -> None:
        last[0] = time.monotonic()

    page.on("request", note)
    page.on("response", note)
    while time.monotonic() - last[0] < 2:
        page.wait_for_timeout(100)
    page.remove_listener("request", note)
    page.remove_listener("response", note)
