"""A real Chromium for the viewer, and the page that mounts the component."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page

from rigs.viewer_desk import Desk, DeskCase, running
from tests.viewer.drawing_table import Table, sitting
from tests.web.bench import build_bench

ROOT = Path(__file__).resolve().parents[2]


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
