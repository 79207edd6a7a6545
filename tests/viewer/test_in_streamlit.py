"""The viewer inside a real Streamlit process, with a synthetic patient of 50 structures."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect

from rigs.seeing import press_grade
from rigs.server import running_server
from tests.browser.conftest import sign_in
from tests.viewer.drawing_table import Table, near, on_slice
from tests.web.bench import PASSWORD, build_bench

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "tests/viewer/streamlit_app/app.py"


@pytest.fixture(scope="module")
def streamlit_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`streamlit run` on a free port; its base URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("streamlit") / "log.txt"
    command = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(trust_env=False, timeout=5) as client:
            for _ in range(300):
                try:
                    if client.get(f"{url}/_stcore/health").status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                try:
                    process.wait(timeout=0.3)
                except subprocess.TimeoutExpired:
                    continue
                raise RuntimeError(log.read_text())
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def opened(screen: Page, url: str) -> None:
    screen.goto(url)
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]", timeout=60_000)


def test_a_case_is_read_graded_and_followed_by_the_next(
    streamlit_url: str, screen: Page, pictures: Path
) -> None:
    opened(screen, streamlit_url)
    expect(screen.get_by_test_id("case")).to_have_text("HN-001")
    press_grade(screen, "2")
    expect(screen.get_by_test_id("save-state")).to_contain_text("saved")
    # Streamlit's own keys: `c` would clear caches, `r` would rerun.
    screen.keyboard.press("c")
    expect(screen.get_by_test_id("comment")).to_be_focused()
    screen.keyboard.press("Escape")
    screen.screenshot(path=pictures / "patient-1440.png")
    done = screen.locator("[data-testid=workspace][data-loaded='17/17']")
    expect(done).to_be_visible(timeout=30_000)
    screen.keyboard.press("Shift+N")
    expect(screen.get_by_test_id("case")).to_have_text("HN-002", timeout=20_000)
    expect(screen.get_by_test_id("workspace")).to_have_count(1)
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)], ids=str)
def test_the_workspace_fills_the_page_without_scrolling(
    streamlit_url: str, screen: Page, pictures: Path, size: tuple[int, int]
) -> None:
    screen.set_viewport_size({"width": size[0], "height": size[1]})
    opened(screen, streamlit_url)
    screen.keyboard.press("n")
    box = screen.get_by_test_id("workspace").bounding_box()
    assert box is not None
    assert box["x"] == 0
    assert box["width"] == size[0]
    assert box["y"] <= 40
    assert box["y"] + box["height"] == size[1]
    scrolls = "document.querySelector('[data-testid=stMain]').scrollHeight > innerHeight"
    assert screen.evaluate(scrolls) is False
    screen.screenshot(path=pictures / f"workspace-{size[0]}.png")
    screen.keyboard.press("?")
    screen.screenshot(path=pictures / f"keys-{size[0]}.png")


def test_a_contour_is_edited_saved_and_submitted_inside_the_page(
    tmp_path: Path, screen: Page, pictures: Path
) -> None:
    bench = build_bench(tmp_path / "study", None)
    with running_server(bench.study.root, tmp_path / "web.log") as server:
        sign_in(screen, server.url, "anna", PASSWORD)
        streams: list[WebSocket] = []
        screen.on("websocket", lambda stream: streams.append(stream))
        opened(screen, f"{server.url}/review?assignment=1")
        table = Table(screen=screen, url=server.url, bench=bench)
        screen.locator("[data-structure=ParotidL]").click()
        screen.keyboard.press("u")
        screen.keyboard.press("b")
        table.edit()
        table.show("axial", 5)
        drawn = table.drag("axial", 5, (6, 6, 5), (15, 14, 5))
        revised = table.start() | (near(drawn, 5) & on_slice("axial", 5))
        np.testing.assert_array_equal(table.stored(), revised)
        screen.screenshot(path=pictures / "editing-in-the-page.png")
        screen.keyboard.press("Shift+E")
        screen.locator("[data-testid^=answer-code]").first.click(timeout=60_000)
        own = screen.locator("[data-set=o]")
        expect(own).to_have_attribute("aria-pressed", "true", timeout=60_000)
        # The page reruns once all is graded; the workspace stays as it is, own revision and all.
        workspace = screen.get_by_test_id("workspace")
        workspace.evaluate("(workspace) => { workspace.dataset.seen = 'before'; }")
        with streams[-1].expect_event("framereceived"):
            expect(screen.get_by_test_id("progress")).to_contain_text("1 / 3")
            screen.keyboard.press("Space")
            for graded in (1, 2):
                press_grade(screen, "1")
                expect(screen.get_by_test_id("progress")).to_contain_text(f"{graded + 1} / 3")
        page = screen.get_by_test_id("stApp")
        expect(page).to_have_attribute("data-test-script-state", "notRunning")
        expect(workspace).to_have_attribute("data-seen", "before")
        expect(own).to_have_attribute("aria-pressed", "true")
        screen.screenshot(path=pictures / "own-revision.png")
    bench.study.engine.dispose()
