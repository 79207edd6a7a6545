"""The installed Chromium, started once for a test session or a benchmark."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """A browser with a fresh profile; FileNotFoundError says what to install."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise FileNotFoundError("Chromium was expected, found none; install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


def wipe(page: Page, size: ViewportSize) -> None:
    """Leave a tab as a new one is: no page, no cookie, nothing stored, and what was routed is not.

    Emulations of a DevTools session end with that session.
    """
    context = page.context
    for other in context.pages:
        if other is not page:
            other.close()
    page.unroute_all(behavior="ignoreErrors")
    context.set_offline(False)
    left = urlsplit(page.url)
    if left.scheme == "http":
        page.evaluate("() => sessionStorage.clear()")
    page.goto("about:blank")
    if left.scheme == "http":  # a page may keep something while it is left
        devtools = context.new_cdp_session(page)
        origin = {"origin": f"http://{left.netloc}", "storageTypes": "local_storage"}
        devtools.send("Storage.clearDataForOrigin", origin)
        devtools.detach()
    context.clear_cookies()
    page.emulate_media(color_scheme="null")
    if page.viewport_size != size:
        page.set_viewport_size(size)
