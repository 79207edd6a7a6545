"""A real Chromium for the viewer, and the page that mounts the component."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.viewer.desk import Desk, DeskCase, running
from tests.viewer.drawing_table import Table, sitting
from tests.web.bench import build_bench

ROOT = Path(__file__).resolve().parents[2]
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


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The installed Chromium with a fresh profile."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.fail("Chromium was expected for the browser tests, found none; install it.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def screen(chromium: Browser) -> Iterator[Page]:
    """A page of 1440 x 900 whose script errors fail the test."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert not errors, errors


@pytest.fixture
def open_desk(screen: Page) -> Iterator[Callable[..., Desk]]:
    """open_desk(case, ...): serves the cases as assignments 1, 2, ... and mounts the first."""
    with ExitStack() as stack:

        def open_cases(*cases: DeskCase, wait: bool = True) -> Desk:
            desk = Desk(cases=dict(enumerate(cases, start=1)))
            url = stack.enter_context(running(desk.app()))
            screen.goto(f"{url}/harness?assignment=1")
            if wait:
                screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
            return desk

        yield open_cases


@pytest.fixture
def table(tmp_path: Path, screen: Page) -> Iterator[Table]:
    """A stored study behind the real routes, opened by a signed-in reader who may draw."""
    bench = build_bench(tmp_path / "study", None)
    with sitting(bench, screen) as table:
        table.open()
        yield table
    bench.study.engine.dispose()


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots go that a person can look at."""
    folder = ROOT / "test-artifacts" / "viewer"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
