"""Prompts in the editor: the real viewer, the real routes, a server that speaks the protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from sqlmodel import Session, col, select

from han5k_review.imaging.volume import CtVolume
from han5k_review.store.draft_tables import DraftPatch
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Case
from rigs.prompt_server import LICENCE, PromptServer, running_prompt_server
from rigs.server import find_free_port
from tests.viewer.drawing_table import SHAPE, Mask, Table, near, on_slice, sitting
from tests.web.bench import GRID, build_bench

# Two organs of 40 HU in fat: what the contour misses, and what it should not hold. The server
# answers a prompt with all that hangs together and is alike: these are the masks that must come.
MISSED = (slice(12, 18), slice(9, 15), slice(2, 7))
LEAKED = (slice(1, 3), slice(3, 8), slice(2, 5))


def organ(place: tuple[slice, slice, slice]) -> Mask:
    filled = np.zeros(SHAPE, dtype=bool)
    filled[place] = True
    return filled


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PromptServer]:
    with running_prompt_server(tmp_path_factory.mktemp("prompts") / "log", sessions=4) as running:
        yield running


@pytest.fixture
def table(
    tmp_path: Path, screen: Page, server: PromptServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Table]:
    """A reader before the two organs, and a web app that knows of the server."""
    for name, word in server.environment.items():
        monkeypatch.setenv(name, word)
    with before_the_organs(tmp_path, screen) as table:
        yield table


@contextmanager
def before_the_organs(folder: Path, screen: Page) -> Iterator[Table]:
    bench = build_bench(folder / "study", None)
    hu = np.where(organ(MISSED) | organ(LEAKED), 40, -600).astype(np.int16)
    image = bench.study.volumes.put_volume(CtVolume(grid=GRID, hu=hu))
    with transaction(bench.study.engine) as session:
        for case in session.exec(select(Case)):
            case.image_sha256 = image
    with sitting(replace(bench, hu=hu), screen) as table:
        table.open()
        yield table
    bench.study.engine.dispose()


def begin(table: Table) -> None:
    """Edit on axial slice 4, with the prompt in hand."""
    screen = table.screen
    table.edit()
    table.show("axial", 4)
    expect(screen.get_by_test_id("prompt-licence")).to_contain_text(LICENCE)
    take(screen, "point")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text(
        "The CT goes to the hospital's server"
    )


def take(screen: Page, kind: str) -> None:
    screen.keyboard.press("Shift+Enter")
    expect(screen.get_by_test_id(f"prompt-{kind}")).to_have_attribute("aria-pressed", "true")


def ends_by(table: Table, server: PromptServer, key: str) -> None:
    """A key that stops a prompt, or leaves, gives the reader's session at the server back."""
    held = len(server.look()["prompts"])
    with table.screen.expect_response(lambda one: one.request.method == "DELETE") as ended:
        table.screen.keyboard.press(key)
    assert ended.value.status == 204
    assert len(server.look()["prompts"]) == held - 1


def out_of_sight(screen: Page) -> list[str]:
    """What a prompt needs and what ends or takes back an edit: all in reach, unscrolled."""
    hidden: list[str] = screen.evaluate(
        """() => {
          const root = document.querySelector('#host').shadowRoot;
          const needed = '[data-testid=prompts] :is(button, small), [data-testid=prompt-asking], '
            + '.ends button';
          return [...root.querySelectorAll(needed)].filter((one) => one.offsetParent)
            .filter((one) => {
              const { left, right, top, bottom } = one.getBoundingClientRect();
              const [x, y] = [(left + right) / 2, (top + bottom) / 2];
              return one.scrollWidth > one.clientWidth + 1 || right > innerWidth
                || root.elementFromPoint(x, y)?.closest('button, small, p') !== one;
            })
            .map((one) => one.textContent);
        }"""
    )
    return hidden


def tools_of(table: Table) -> list[str]:
    with Session(table.bench.study.engine) as session:
        return list(session.exec(select(DraftPatch.tool).order_by(col(DraftPatch.version))))


def test_each_prompt_changes_the_contour_as_the_server_says_in_one_step(
    table: Table, server: PromptServer
) -> None:
    screen, missed, leaked = table.screen, organ(MISSED), organ(LEAKED)
    begin(table)
    screen.keyboard.press("q")
    table.size(4)
    drawn = table.drag("axial", 4, (8, 16, 4), (10, 16, 4))
    mask = table.start() | (near(drawn, 2) & on_slice("axial", 4))
    take(screen, "point")
    table.drag("axial", 4, (14, 12, 4))
    np.testing.assert_array_equal(table.stored(2), mask | missed)
    assert (mask & leaked).any()
    table.drag("axial", 4, (2, 5, 4), button="right")
    np.testing.assert_array_equal(table.stored(), (mask | missed) & ~leaked)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), mask | missed)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), mask)
    take(screen, "scribble")
    table.drag("axial", 4, (14, 11, 4), (15, 12, 4))
    np.testing.assert_array_equal(table.stored(), mask | missed)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), mask)
    take(screen, "lasso")
    table.drag("axial", 4, (13, 10, 4), (16, 10, 4), (16, 13, 4), (13, 13, 4))
    np.testing.assert_array_equal(table.stored(), mask | missed)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), mask)
    take(screen, "box")
    table.drag("axial", 4, (16, 13, 4), (10, 10, 4))
    boxed = organ((slice(12, 17), slice(10, 14), slice(4, 5)))
    np.testing.assert_array_equal(table.stored(), mask | boxed)
    prompts = ["prompt-scribble", "undo", "prompt-lasso", "undo", "prompt-box"]
    assert tools_of(table) == ["brush", "prompt-point", "prompt-point", "undo", "undo", *prompts]
    ends_by(table, server, "e")


def test_a_server_that_is_slow_or_dies_costs_one_sentence_and_no_stroke(
    table: Table, server: PromptServer, pictures: Path
) -> None:
    screen = table.screen
    asking, alert = screen.get_by_test_id("prompt-asking"), screen.get_by_test_id("edit-alert")
    begin(table)
    server.misbehave("sleep", path="/add_point", seconds=600)
    table.drag("axial", 4, (14, 12, 4))
    expect(asking).to_contain_text("Sending the CT to the hospital's server")
    expect(asking).to_contain_text("1 s")
    for width, height in ((1024, 768), (1440, 900)):
        screen.set_viewport_size({"width": width, "height": height})
        assert out_of_sight(screen) == []
        screen.screenshot(path=pictures / f"prompt-{width}.png")
    screen.keyboard.press("ArrowUp")
    expect(screen.get_by_test_id("view-main")).to_have_attribute("data-slice", "5")
    table.show("axial", 4)
    table.drag("axial", 4, (6, 5, 4), (9, 5, 4))
    ends_by(table, server, "Escape")
    expect(alert).to_contain_text("Stopped: nothing was changed.")
    expect(asking).to_be_hidden()
    table.drag("axial", 4, (14, 12, 4))
    expect(asking).to_contain_text("Asking the hospital's server")
    server.kill()
    expect(alert).to_contain_text("nnInteractive server")
    expect(asking).to_be_hidden()
    screen.keyboard.press("q")
    table.size(4)
    drawn = table.drag("axial", 4, (8, 16, 4), (10, 16, 4))
    mask = table.start() | (near(drawn, 2) & on_slice("axial", 4))
    np.testing.assert_array_equal(table.stored(), mask)
    server.restart()
    take(screen, "point")
    table.drag("axial", 4, (14, 12, 4))
    np.testing.assert_array_equal(table.stored(), mask | organ(MISSED))
    assert tools_of(table) == ["brush", "prompt-point"]


def test_why_prompts_cannot_be_used_is_said_at_once(
    tmp_path: Path, screen: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAN5K_NNINTERACTIVE_URL", f"http://127.0.0.1:{find_free_port()}")
    with before_the_organs(tmp_path, screen) as table:
        table.edit()
        why = screen.get_by_test_id("prompt-why")
        expect(why).to_contain_text("nnInteractive server")
        expect(screen.get_by_test_id("prompt-point")).to_be_hidden()
        screen.keyboard.press("Shift+Enter")
        expect(screen.get_by_test_id("edit-alert")).to_have_text(why.text_content() or "-")
