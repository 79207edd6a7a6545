"""The smart tools at the real server: what they make is what scipy and scikit-image make."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect
from scipy import ndimage
from sqlmodel import Session, col, select

from han5k_review.imaging.volume import CtVolume
from han5k_review.store.draft_tables import DraftPatch
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Case
from rigs.viewer_desk import Desk
from tests.viewer.blocks import case
from tests.viewer.drawing_table import SHAPE, SPACING, Table, near, on_slice, sitting
from tests.viewer.smart_masks import follow, grown, kept_volume, snapped
from tests.web.bench import GRID, build_bench

REACH_MM = 5
SEED_MM = 1.5


@pytest.fixture
def soft(tmp_path: Path, screen: Page) -> Iterator[Table]:
    """A reader before a CT of soft tissue: places of 10 mm that differ by some 40 HU."""
    bench = build_bench(tmp_path / "study", None)
    noise = ndimage.gaussian_filter(np.random.default_rng(5).normal(size=SHAPE), 4 / SPACING)
    hu = np.round(40 + 40 * noise / noise.std()).astype(np.int16)
    image = bench.study.volumes.put_volume(CtVolume(grid=GRID, hu=hu))
    with transaction(bench.study.engine) as session:
        for case in session.exec(select(Case)):
            case.image_sha256 = image
    with sitting(replace(bench, hu=hu), screen) as table:
        table.open()
        table.edit()
        table.show("axial", 4)
        yield table
    bench.study.engine.dispose()


def seeds_of(
    inside: NDArray[np.float64], outside: NDArray[np.float64], k: int
) -> NDArray[np.uint8]:
    """Strokes of 3 mm on one slice; the second one wins where they meet."""
    marked = np.zeros(SHAPE, dtype=np.uint8)
    marked[near(inside, SEED_MM) & on_slice("axial", k)] = 1
    marked[near(outside, SEED_MM) & on_slice("axial", k)] = 2
    return marked


def tools_of(table: Table) -> list[str]:
    with Session(table.bench.study.engine) as session:
        return list(session.exec(select(DraftPatch.tool).order_by(col(DraftPatch.version))))


def test_a_contour_grows_from_seeds_and_undo_gives_the_seeds_back(soft: Table) -> None:
    table, screen, hu = soft, soft.screen, soft.bench.hu
    screen.keyboard.press("Shift+V")
    screen.keyboard.press("7")
    inside = table.drag("axial", 4, (12, 12, 4), (16, 12, 4))
    outside = table.drag("axial", 4, (3, 4, 4), (3, 7, 4), button="right")
    seeds = seeds_of(inside, outside, 4)
    wanted = grown(hu, table.start(), seeds, SPACING, REACH_MM)
    assert (wanted & ~table.start()).sum() > 0
    assert (table.start() & ~wanted).sum() > 0
    screen.keyboard.press("Shift+Digit8")
    np.testing.assert_array_equal(table.stored(), wanted)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), table.start())
    screen.keyboard.press("Shift+Digit8")
    np.testing.assert_array_equal(table.stored(), wanted)
    assert tools_of(table) == ["smart-grow", "undo", "smart-grow"]


def test_a_contour_snaps_and_is_smoothed_with_its_volume(soft: Table) -> None:
    table, screen, hu = soft, soft.screen, soft.bench.hu
    table.size(12)
    screen.keyboard.press("Shift+B")
    drawn = table.drag("axial", 4, (10, 9, 4), (13, 11, 4))
    mask = table.start() | near(drawn, 6)
    np.testing.assert_array_equal(table.stored(), mask)
    screen.keyboard.press("Shift+Digit1")
    mask[..., [4]] = snapped(hu[..., [4]], mask[..., [4]], SPACING, REACH_MM)
    np.testing.assert_array_equal(table.stored(), mask)
    screen.keyboard.press("Shift+V")
    screen.keyboard.press("Shift+Digit1")
    wanted = snapped(hu, mask, SPACING, REACH_MM)
    assert (wanted != mask).any()
    np.testing.assert_array_equal(table.stored(), wanted)
    screen.get_by_test_id("edit-mm").fill("2")
    screen.get_by_test_id("edit-mm").press("Enter")
    screen.keyboard.press("Shift+Digit0")
    smooth = table.stored()
    means, cut = kept_volume(wanted, SPACING, 2)
    assert smooth.sum() == wanted.sum()
    assert (smooth != wanted).any()
    undecided = np.abs(means - cut) < 2e-6
    np.testing.assert_array_equal(smooth[~undecided], means[~undecided] > cut)
    screen.keyboard.press("z")
    np.testing.assert_array_equal(table.stored(), wanted)
    assert tools_of(table) == ["brush", "smart-snap", "smart-snap", "smart-smooth", "undo"]


def test_an_edit_is_followed_and_each_slice_accepted_or_dropped(soft: Table) -> None:
    table, screen, hu = soft, soft.screen, soft.bench.hu
    view = screen.get_by_test_id("view-main")
    screen.get_by_test_id("smart-mm").fill("6")
    screen.get_by_test_id("smart-mm").press("Enter")
    table.size(12)
    drawn = table.drag("axial", 4, (6, 5, 4), (12, 5, 4))
    mask = table.start() | (near(drawn, 6) & on_slice("axial", 4))
    np.testing.assert_array_equal(table.stored(), mask)
    proposed = {
        at: cells
        for step in (1, -1)
        for at, cells in follow(hu, mask, table.start(), 4, step, SPACING, 6).items()
        if (cells != mask[..., at]).any()
    }
    assert sorted(proposed) == [2, 3, 5, 6]
    screen.keyboard.press("Shift+Digit9")
    panel = screen.get_by_test_id("edit-alert")
    expect(panel).to_contain_text("Proposed on 4 slices")
    table.show("axial", 3)
    screen.keyboard.press("Enter")
    mask[..., 3] = proposed[3]
    np.testing.assert_array_equal(table.stored(), mask)
    expect(view).to_have_attribute("data-slice", "2")
    screen.keyboard.press("Backspace")
    expect(panel).to_contain_text("Proposed on 2 slices")
    expect(view).to_have_attribute("data-slice", "5")
    screen.keyboard.press("Enter")
    mask[..., 5] = proposed[5]
    np.testing.assert_array_equal(table.stored(), mask)
    expect(panel).to_contain_text("Proposed on 1 slice")
    screen.keyboard.press("Escape")
    expect(screen.locator("[data-action=drop-proposal]")).to_be_hidden()
    assert tools_of(table) == ["brush", "smart-follow", "smart-follow"]


def test_escape_stops_a_tool_that_takes_long_and_nothing_is_changed(soft: Table) -> None:
    table, screen = soft, soft.screen
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    screen.route("**/smart_worker.js", hold)
    said = screen.get_by_test_id("edit-alert")
    screen.keyboard.press("Shift+Enter")
    expect(said).to_contain_text(re.compile("No .*server.* is set"))
    expect(screen.get_by_test_id("prompts")).to_be_hidden()
    screen.keyboard.press("Shift+Digit1")
    expect(said).to_contain_text("Looking for the edge: 0 %. Escape stops it.")
    table.drag("axial", 4, (6, 5, 4), (12, 5, 4))
    screen.keyboard.press("Escape")
    expect(said).to_contain_text("Stopped: nothing was changed.")
    for route in held:
        route.abort()
    screen.unroute_all(behavior="ignoreErrors")
    screen.get_by_test_id("edit-mm").fill("4")
    screen.get_by_test_id("edit-mm").press("Enter")
    screen.keyboard.press("Shift+Digit0")
    expect(screen.get_by_test_id("edit-panel")).to_have_attribute("data-saved", "1")
    assert tools_of(table) == ["smart-smooth"]


def test_a_protocol_without_assistance_hides_the_smart_tools(
    open_desk: Callable[..., Desk], screen: Page
) -> None:
    open_desk(case(assistance=False))
    screen.keyboard.press("e")
    expect(screen.locator("[data-action=brush]")).to_be_visible()
    expect(screen.get_by_test_id("smart-tools")).to_be_hidden()
    screen.keyboard.press("Shift+Digit1")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("allows no assistance")
    expect(screen.get_by_test_id("prompts")).to_be_hidden()
    screen.keyboard.press("q")
    expect(screen.get_by_test_id("edit-alert")).to_be_hidden()
    screen.keyboard.press("Shift+Enter")
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("allows no assistance")
