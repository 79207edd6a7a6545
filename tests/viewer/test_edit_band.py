"""The edit band: drawn where scipy has it, and the slices on which an edit ends beyond it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from scipy import ndimage
from sqlmodel import select

from han5k_review.imaging.volume import CtVolume
from han5k_review.store.engine import transaction
from han5k_review.store.tables import Assignment, Case, Reader
from rigs.revised_cases import add_revised, make_revised
from rigs.viewer_desk import Desk
from tests.viewer.drawing_table import SHAPE, SPACING, Table, sitting
from tests.web.bench import GRID, build_bench

MARGIN_MM = 4.0
SLICE = 4
Mask = NDArray[np.bool_]


@pytest.fixture
def banded(tmp_path: Path, screen: Page) -> Iterator[Table]:
    """The study of `table` on a plain CT, and nine cases revised by 4 mm at most."""
    bench = build_bench(tmp_path / "study", None)
    flat = CtVolume(grid=GRID, hu=np.full(GRID.shape, 40, dtype=np.int16))
    image = bench.study.volumes.put_volume(flat)
    with transaction(bench.study.engine) as session:
        for case in session.exec(select(Case)):
            case.image_sha256 = image
        people = {one.name: one for one in session.exec(select(Reader))}
        masks = [make_revised(GRID, n) for n in (1, 2, 1, 2, 1, 1, 2, 1, 2)]
        add_revised(session, bench.study, GRID, masks, people=(people["ben"], people["carla"]))
    blinded = Desk(study=bench.study).payload(1).bands
    with transaction(bench.study.engine) as session:
        session.get_one(Assignment, 1).blinded = False
    with sitting(bench, screen) as table:
        assert blinded == {}
        table.open()
        yield table
    bench.study.engine.dispose()


def find_band(start: Mask) -> tuple[Mask, Mask]:
    """What the margin around a contour encloses, and what lies deeper inside than it."""
    outer = ndimage.distance_transform_edt(~start, sampling=SPACING) <= MARGIN_MM
    inner = ndimage.distance_transform_edt(start, sampling=SPACING) > MARGIN_MM
    return outer, inner


def read_row(table: Table, j: int) -> NDArray[np.float64]:
    """The colours at the middles of the voxels of one row of the slice, of the large view."""
    places = [table.pixel("axial", (i, j, SLICE)) for i in range(SHAPE[0])]
    read: NDArray[np.float64] = np.array(
        table.screen.get_by_test_id("view-main-canvas").evaluate(
            """(canvas, places) => {
              const box = canvas.getBoundingClientRect();
              const context = canvas.getContext('2d');
              return places.map(([x, y]) => [...context.getImageData(
                Math.round(x - box.left), Math.round(y - box.top), 1, 1).data]);
            }""",
            places,
        ),
        dtype=float,
    )
    return read


def must_look(mask: Mask, start: Mask) -> str:
    """Slices, counted from 1, with a voxel added beyond the band or taken away inside of it."""
    outer, inner = find_band(start)
    beyond = (mask & ~outer) | (~mask & inner)
    return " ".join(str(k + 1) for k in np.flatnonzero(beyond.any(axis=(0, 1))))


def test_the_band_is_drawn_and_says_on_which_slices_an_edit_goes_beyond(banded: Table) -> None:
    table, screen = banded, banded.screen
    bar, words = screen.get_by_test_id("slice-bar"), screen.get_by_test_id("band-words")
    band = screen.get_by_test_id("band")
    table.show("axial", SLICE)
    expect(words).to_have_text("")
    start = table.start()
    outer, inner = find_band(start)
    before = read_row(table, 5)
    screen.keyboard.press("4")
    expect(band).to_have_attribute("data-ready", "true")
    expect(words).to_contain_text("90 % of revisions should end within 4.0 mm (9 accepted so far).")
    wanted = (outer & ~inner)[:, 5, SLICE]
    assert wanted.any()
    assert not wanted.all()
    differs = np.abs(read_row(table, 5) - before).max(axis=1) > 8
    np.testing.assert_array_equal(differs, wanted)

    table.edit()
    expect(words).to_contain_text("No slice goes beyond")
    table.size(12)
    screen.keyboard.press("Shift+B")
    table.drag("axial", SLICE, (11, 9, SLICE), (14, 11, SLICE))
    drawn = table.stored()
    wanted_slices = must_look(drawn, start)
    assert len(wanted_slices.split()) >= 3
    expect(bar).to_have_attribute("data-must-look", wanted_slices)
    expect(words).to_contain_text(f"Must look: {len(wanted_slices.split())} slices go beyond")
    screen.keyboard.press("z")
    expect(bar).to_have_attribute("data-must-look", "")
    screen.keyboard.press("Shift+Z")
    expect(bar).to_have_attribute("data-must-look", wanted_slices)
    screen.keyboard.press("4")
    expect(words).to_have_text("")
    expect(bar).to_have_attribute("data-must-look", "")
    screen.keyboard.press("4")
    table.open()
    expect(band).to_have_attribute("data-ready", "true")  # remembered, and the draft is left aside
