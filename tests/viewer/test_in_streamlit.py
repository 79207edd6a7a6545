"""The viewer inside the real web app, with a synthetic patient of 50 structures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, WebSocket, expect
from sqlmodel import select

from han5k_review.accounts.readers import add_reader
from han5k_review.store.engine import reading, transaction
from han5k_review.store.tables import Grade
from han5k_review.store.vocabulary import Role
from rigs.seeing import let_in, look, press_grade
from rigs.server import find_free_port, running_server
from rigs.studies import NOON
from rigs.viewer_cases import assign_stored, block_case, lps_grid, patient_case
from tests.viewer.drawing_table import Table, near, on_slice
from tests.web.bench import PASSWORD, WebBench, build_bench

PATIENT = 4  # after the three tasks of the bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The running web app. anna has the bench's case, dora a patient and then a phantom."""

    url: str
    bench: WebBench


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """`streamlit run app.py` on one study for this file."""
    folder = tmp_path_factory.mktemp("streamlit")
    bench = build_bench(folder / "study", None)
    shape = (64, 64, 24)
    phantom = block_case(
        np.zeros(shape, dtype=np.int16),
        lps_grid(shape, (3.0, 3.0, 3.0)),
        {"BrainStem": (slice(20, 40), slice(20, 40), slice(5, 15))},
    )
    with transaction(bench.study.engine) as session:
        dora = add_reader(
            session, name="dora", password=PASSWORD, role=Role.READER, actor="test", now=NOON
        )
        assign_stored(session, bench.study, dora, {"HN-101": patient_case(3), "HN-102": phantom})
    with running_server(bench.study.root, folder / "web.log") as server:
        yield Room(url=server.url, bench=bench)
    bench.study.engine.dispose()


def opened(screen: Page, url: str) -> None:
    screen.goto(url)
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]", timeout=60_000)


def opened_patient(screen: Page, room: Room) -> None:
    let_in(screen, room.url, "dora", PASSWORD)
    opened(screen, f"{room.url}/review?assignment={PATIENT}")


def test_a_case_is_read_graded_and_followed_by_the_next(
    room: Room, screen: Page, pictures: Path
) -> None:
    opened_patient(screen, room)
    expect(screen.get_by_test_id("case")).to_have_text("HN-101")
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
    expect(screen.get_by_test_id("case")).to_have_text("HN-102", timeout=20_000)
    expect(screen.get_by_test_id("workspace")).to_have_count(1)
    screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768)], ids=str)
def test_the_workspace_fills_the_page_without_scrolling(
    room: Room, screen: Page, pictures: Path, size: tuple[int, int]
) -> None:
    screen.set_viewport_size({"width": size[0], "height": size[1]})
    opened_patient(screen, room)
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
    room: Room, screen: Page, pictures: Path
) -> None:
    let_in(screen, room.url, "anna", PASSWORD)
    streams: list[WebSocket] = []
    screen.on("websocket", lambda stream: streams.append(stream))
    opened(screen, f"{room.url}/review?assignment=1")
    table = Table(screen=screen, url=room.url, bench=room.bench)
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


def test_a_restart_of_the_server_stops_neither_keys_nor_buttons(
    screen: Page, tmp_path: Path, pictures: Path
) -> None:
    bench = build_bench(tmp_path / "study", None)
    port = find_free_port()
    log = tmp_path / "web.log"
    with running_server(bench.study.root, log, port=port) as server:
        let_in(screen, server.url, "anna", PASSWORD)
        opened(screen, f"{server.url}/review?assignment=1")
        look(screen)
    # Streamlit shows a dialog over the picture at its second try; the viewer's own line stays.
    expect(screen.get_by_test_id("load-state")).to_have_text(
        "connection lost, trying again", timeout=30_000
    )
    screen.keyboard.press("1")
    expect(screen.get_by_test_id("progress")).to_contain_text("1 / 3")
    look(screen)
    screen.get_by_test_id("grade-minor").click()
    expect(screen.get_by_test_id("save-state")).to_contain_text("waiting for the network (2)")
    expect(screen.get_by_test_id("stDialog")).to_have_count(0)
    screen.screenshot(path=pictures / "server-lost.png")
    with running_server(bench.study.root, log, port=port):
        expect(screen.get_by_test_id("save-state")).to_contain_text("saved", timeout=30_000)
        expect(screen.get_by_test_id("load-state")).to_have_text("")
        screen.goto("about:blank")
    with reading(bench.study.engine) as session:
        rows = session.exec(select(Grade).order_by("id")).all()
    assert [(row.structure, row.raw_code) for row in rows] == [
        ("BrainStem", "no"),
        ("ParotidL", "minor"),
    ]
    bench.study.engine.dispose()
