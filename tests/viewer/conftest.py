"""A real Chromium for the viewer, and the page that mounts the component."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page

from rigs.viewer_cases import DeskCase, store_cases
from rigs.viewer_desk import Desk, running
from tests.viewer.drawing_table import Table, sitting
from tests.web.bench import build_bench

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def open_desk(screen: Page, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    """open_desk(case, ...): a study with the cases, mounted as `who` sees the first of them."""
    with ExitStack() as stack:

        def open_cases(*cases: DeskCase, view: str = "assignment=1", who: str = "anna") -> Desk:
            desk = store_cases(tmp_path / "study", cases)
            stack.callback(desk.study.engine.dispose)
            url = stack.enter_context(running(desk.app()))
            desk.sign_in(screen.context, url, who)
            screen.goto(f"{url}/harness?{view}")
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
