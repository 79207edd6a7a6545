"""Strokes that no longer fit are kept until the reader decides what becomes of them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
from playwright.sync_api import expect

from tests.viewer.drawing_table import SHAPE, Mask, Table, near, on_slice
from tests.web.bench import GRID
from tests.web.drafting import patch

Place = tuple[float, float, float]
OTHER = "another-tab"


def displace(table: Table, *strokes: tuple[str, Place, Place]) -> list[Mask]:
    """Strokes (key, from, to) in a tab from which another has taken the draft and emptied it."""
    screen, url = table.screen, f"{table.url}/api/assignments/1/drafts/{table.name}"
    table.edit()
    table.show("axial", 5)
    table.size(6)
    site = {"Origin": table.url}
    opening = {"holder": OTHER, "take_over": True}
    draft = screen.request.post(url, data=opening, headers=site).json()
    emptied = patch((0, 0, 0), np.zeros(SHAPE, dtype=bool), draft["version"], mode="replace")
    body = {"holder": OTHER, "draft": draft["draft"], "patches": [emptied]}
    assert screen.request.post(f"{url}/patches", data=body, headers=site).ok
    screen.context.set_offline(True)
    covered = []
    for key, *ends in strokes:
        screen.keyboard.press(key)
        covered.append(near(table.drag("axial", 5, *ends), 3) & on_slice("axial", 5))
    screen.context.set_offline(False)
    screen.get_by_test_id("edit-take-over").click()
    expect(screen.get_by_test_id("edit-state")).to_contain_text("saved")
    table.steps = 1
    return covered


def test_strokes_that_no_longer_fit_are_saved_as_a_file_and_drawn_again(
    table: Table, tmp_path: Path, pictures: Path
) -> None:
    screen = table.screen
    brushed, rubbed = displace(table, ("q", (6, 6, 5), (15, 14, 5)), ("r", (6, 6, 5), (8, 6, 5)))
    added = brushed & ~table.start()
    removed = rubbed & (table.start() | brushed)
    aside = screen.get_by_test_id("aside")
    expect(aside).to_contain_text("2 strokes no longer fit")
    screen.screenshot(path=pictures / "aside.png")
    with screen.expect_download() as download:
        screen.get_by_test_id("aside-download").click()
    assert download.value.suggested_filename == "HN-001-ParotidL-strokes.nii"
    download.value.save_as(tmp_path / "strokes.nii")
    image = nib.load(tmp_path / "strokes.nii")
    found = np.zeros(SHAPE, dtype=np.uint8)
    offset = np.linalg.inv(GRID.affine) @ image.affine
    np.testing.assert_allclose(offset[:3, :3], np.eye(3), atol=1e-5)
    first = np.round(offset[:3, 3]).astype(int)
    box = tuple(slice(f, f + n) for f, n in zip(first, image.shape, strict=True))
    found[box] = np.asarray(image.dataobj)
    np.testing.assert_array_equal(found, np.where(removed, 2, np.where(added, 1, 0)))
    screen.get_by_test_id("aside-try").click()
    expect(screen.get_by_test_id("edit-alert")).to_contain_text("2 of 2 strokes changed")
    expect(aside).to_be_hidden()
    np.testing.assert_array_equal(table.stored(2), added & ~removed)
    screen.keyboard.press("z")
    screen.keyboard.press("z")
    assert table.stored(2).sum() == 0


def test_they_outlive_the_tab_and_go_only_when_the_reader_says_so(table: Table) -> None:
    screen = table.screen
    displace(table, ("q", (6, 6, 5), (15, 14, 5)))
    table.open()
    aside = screen.get_by_test_id("aside")
    expect(aside).to_contain_text("1 stroke no longer fits")
    expect(screen.get_by_test_id("aside-try")).to_be_disabled()
    screen.locator("[data-structure=BrainStem]").click()
    expect(aside).to_be_hidden()
    screen.locator("[data-structure=ParotidL]").click()
    screen.get_by_test_id("aside-discard").click()
    screen.get_by_test_id("edit-decline").click()
    expect(aside).to_be_visible()
    screen.get_by_test_id("aside-discard").click()
    screen.get_by_test_id("edit-confirm").click()
    expect(aside).to_be_hidden()
    table.open()
    expect(aside).to_be_hidden()
