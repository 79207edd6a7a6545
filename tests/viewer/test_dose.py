"""The planned dose in the viewer: its lines and its Gray are those of scipy's interpolation."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect
from scipy import ndimage

from han5k_review.imaging.dose import DoseVolume
from han5k_review.imaging.grid import Grid
from han5k_review.imaging.mask import StructureMask
from han5k_review.metrics.dose_volume import DoseNumbers, measure_dose
from rigs.viewer_desk import ASSETS
from tests.viewer.drawing_table import PLANES, Table, sitting
from tests.web.bench import GRID, build_bench

SHAPE, SPACING_MM = (15, 13, 14), (3.5, 3.7, 4.9)
PLACES = {"axial": 6, "sagittal": 5, "coronal": 7}  # a few steps from where the case opens
LEVEL_GY = 30.0
Values = NDArray[np.float64]


def dose_grid(turn: Values | None = None) -> Grid:
    """A grid beside the voxels of the CT, around its middle; `turn` rotates its axes."""
    axes = np.eye(3) if turn is None else turn
    affine = np.eye(4)
    affine[:3, :3] = np.diag([-1.0, -1.0, 1.0]) @ axes @ np.diag(SPACING_MM)
    middle = GRID.points_ras_mm(np.array([[11.3, 9.4, 8.8]]))[0]
    affine[:3, 3] = middle - affine[:3, :3] @ ((np.array(SHAPE) - 1) / 2)
    return Grid.from_affine(SHAPE, affine)


def build_dose(grid: Grid) -> DoseVolume:
    """A smooth blob of up to 62 Gy, aside of the middle."""
    index = np.stack(np.indices(SHAPE), axis=-1)
    away = (index - (6.2, 6.9, 6.4)) * SPACING_MM / (14.0, 11.0, 17.0)
    gy = 62.0 * np.exp(-(away**2).sum(axis=-1))
    return DoseVolume(grid=grid, gy=gy.astype(np.float32), prescription_gy=60.0)


def expected(dose: DoseVolume, ijk: Values) -> Values:
    """Gray at places in voxels of the CT (n, 3), by scipy; NaN beyond the dose grid."""
    points = np.column_stack([GRID.points_ras_mm(ijk), np.ones(len(ijk))])
    places = (points @ np.linalg.inv(dose.grid.affine).T)[:, :3]
    return np.asarray(
        ndimage.map_coordinates(
            dose.gy.astype(np.float64), places.T, order=1, mode="constant", cval=np.nan
        )
    )


SAMPLE = """
const { latticeOf, sampleDose, doseAt } = await import(process.argv[1]);
const { planes, ct, dose, voxels } = JSON.parse(process.argv[2]);
dose.steps = Int16Array.from(dose.steps);
const found = planes.map(([plane, index]) => {
  const lattice = latticeOf(plane, index, ct, dose);
  return { ...lattice, values: [...sampleDose(lattice, dose)].map((v) => (v === v ? v : null)) };
});
console.log(JSON.stringify({ found, at: voxels.map((v) => doseAt(dose, ct, v)) }));
"""


def turned() -> Values:
    """Axes permuted, then turned by 11 degrees: nothing runs along an axis of the CT."""
    c, s = np.cos(0.19), np.sin(0.19)
    permuted = np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]], dtype=float)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ permuted


@pytest.mark.parametrize("turn", [None, turned(), np.diag([-1.0, 1.0, -1.0])])
def test_a_dose_is_sampled_on_each_plane_as_scipy_does(turn: Values | None) -> None:
    dose = build_dose(dose_grid(turn))
    gy_per_step = 62.0 / 32767
    steps = np.rint(dose.gy / gy_per_step).astype(int)
    voxels = np.random.default_rng(4).uniform((0, 0, 0), GRID.shape, (40, 3)).round(2)
    told = {
        "planes": list(PLACES.items()),
        "ct": {
            "shape": GRID.shape,
            "spacing": GRID.spacing_mm,
            "affine": GRID.affine.tolist(),
        },
        "dose": {
            "shape": SHAPE,
            "affine": dose.grid.affine.tolist(),
            "steps": steps.ravel(order="F").tolist(),
            "gyPerStep": gy_per_step,
        },
        "voxels": voxels.tolist(),
    }
    node = shutil.which("node")
    assert node
    module = (ASSETS / "pure/dose_grid.js").as_uri()
    command = [node, "--input-type=module", "-e", SAMPLE, module, json.dumps(told)]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)
    at = np.array([np.nan if v is None else v for v in answer["at"]])
    np.testing.assert_allclose(at, expected(dose, voxels), atol=gy_per_step)
    for (plane, index), lattice in zip(PLACES.items(), answer["found"], strict=True):
        column, row, through, flip = PLANES[plane]
        u = lattice["u0"] + lattice["du"] * np.arange(lattice["columns"])
        v = lattice["v0"] + lattice["dv"] * np.arange(lattice["rows"])
        ijk = np.zeros((len(v), len(u), 3))
        ijk[..., column] = u / GRID.spacing_mm[column] - 0.5
        down = v[:, None] / GRID.spacing_mm[row] - 0.5
        ijk[..., row] = GRID.shape[row] - 1 - down if flip else down
        ijk[..., through] = index
        wanted = expected(dose, ijk.reshape(-1, 3))
        found = np.array([np.nan if one is None else one for one in lattice["values"]])
        # On the rim of the dose grid rounding may decide; everywhere else both know or none does.
        both = np.isfinite(wanted) & np.isfinite(found)
        assert both.sum() > 100
        assert both.sum() >= 0.99 * np.isfinite(wanted).sum()
        np.testing.assert_allclose(found[both], wanted[both], atol=gy_per_step)


@pytest.fixture
def dosed(tmp_path: Path, screen: Page) -> Iterator[Table]:
    """The study of `table` with a dose beside the CT."""
    bench = build_bench(tmp_path / "study", None)
    [image] = {path.name for path in bench.study.volumes.folder.glob("*/*")}
    bench.study.doses.put_dose(image, build_dose(dose_grid()))
    with sitting(bench, screen) as table:
        table.open()
        yield table
    bench.study.engine.dispose()


def colourful(table: Table, top: int) -> NDArray[np.float64]:
    """Per pixel of one row of the window within the large view: how far from grey it is."""
    left, width, row = table.screen.get_by_test_id("view-main-canvas").evaluate(
        """(canvas, top) => {
          const box = canvas.getBoundingClientRect();
          const y = Math.round(top - box.top);
          const { data } = canvas.getContext('2d').getImageData(0, y, canvas.width, 1);
          return [box.left, canvas.width, [...data]];
        }""",
        top,
    )
    pixels = np.array(row, dtype=float).reshape(width, 4)[:, :3]
    colour = pixels.max(axis=1) - pixels.min(axis=1)
    return np.column_stack([left + np.arange(width) + 0.5, colour])


def crossings(positions: Values, values: Values, level: float) -> list[float]:
    above = np.nan_to_num(values, nan=0.0) >= level
    return positions[:-1][above[1:] != above[:-1]].tolist()


def test_lines_and_gray_at_the_cursor_are_where_scipy_has_them(dosed: Table) -> None:
    screen = dosed.screen
    dose = build_dose(dose_grid())
    assert not any("/api/assignments/1/dose" in url for url in asked_by(screen))
    expect(screen.get_by_test_id("dose-legend")).to_be_hidden()
    screen.keyboard.press("a")
    screen.keyboard.press("h")
    screen.keyboard.press("Shift+Digit5")
    expect(screen.get_by_test_id("dose-legend")).to_contain_text("from 56 Gy")
    screen.get_by_test_id("doseWash").click()
    screen.get_by_test_id("dose-settings-button").click()
    screen.get_by_test_id("dose-unit").select_option("prescription")
    screen.get_by_test_id("dose-levels").fill("50")
    screen.keyboard.press("Tab")
    screen.keyboard.press("Escape")
    expect(screen.get_by_test_id("dose-legend")).to_have_text(
        "Dose, % of prescriptionfrom 50 %  30 Gy"
    )
    back = np.linalg.inv(GRID.affine) @ dose.grid.affine
    for plane, index in PLACES.items():
        dosed.show(plane, index)
        column, row, through, _ = PLANES[plane]
        # A row of the dose's own points, where the lines cross without a chord between them.
        ijk = (back @ [*(np.array(SHAPE) // 2 - (0, 0, 1)), 1])[:3]
        ijk[through] = index
        place = dosed.pixel(plane, tuple(ijk))
        found = colourful(dosed, place[1])
        ends = [dosed.point(plane, (x, place[1]), index) for x in (found[0, 0], found[-1, 0])]
        along = np.linspace(*ends, len(found))
        exact = along.copy()
        exact[:, row] = ijk[row]
        wanted = crossings(found[:, 0], expected(dose, exact), LEVEL_GY)
        assert len(wanted) == 2, plane
        lit = found[found[:, 1] > 60, 0]
        for one in wanted:
            assert np.abs(lit - one).min() <= 1.5, (plane, one, lit)
        for one in lit:
            assert np.abs(np.array(wanted) - one).min() <= 3, (plane, one, wanted)
        voxel = np.rint(ijk)
        screen.mouse.move(*dosed.pixel(plane, tuple(voxel)))
        said = screen.get_by_test_id("view-main-readout").text_content() or ""
        [gy] = re.findall(r"HU   (\d+\.\d\d) Gy", said)
        [value] = expected(dose, voxel[None])
        assert float(gy) == pytest.approx(value, abs=0.0075), (plane, column)
    screen.keyboard.press("Shift+Digit5")
    expect(screen.get_by_test_id("dose-legend")).to_be_hidden()
    assert colourful(dosed, place[1])[:, 1].max() == 0


def asked_by(screen: Page) -> list[str]:
    found: list[str] = screen.evaluate(
        "() => performance.getEntriesByType('resource').map((one) => one.name)"
    )
    return found


def dose_told(table: Table, mask: NDArray[np.bool_]) -> DoseNumbers:
    """What the case's page would say of a contour: the project's own numbers in Python."""
    found = build_dose(dose_grid()).sample(StructureMask.from_dense(mask, GRID))
    return measure_dose(found, GRID.voxel_volume_cc)


def read_dose_words(table: Table, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Mean, its change, near maximum, its change, as the panel says them of this contour."""
    panel = table.screen.get_by_test_id("edit-dose")
    expect(panel).to_have_attribute("data-voxels", str(mask.sum()))
    expect(panel).to_contain_text("the plan is not calculated again")
    words = (panel.text_content() or "").replace("\N{MINUS SIGN}", "-").replace("±", "")
    found = re.findall(r"(-?\d+\.\d\d) Gy \(([+-]?\d+\.\d\d)\)", words)
    return np.array(found, dtype=float).ravel()


def test_while_editing_the_dose_of_the_contour_is_that_of_the_case_page(dosed: Table) -> None:
    table, screen = dosed, dosed.screen
    table.edit()
    start = table.start()
    before = dose_told(table, start)
    middle = [before.mean_gy, 0, before.near_maximum_gy, 0]
    np.testing.assert_allclose(read_dose_words(table, start), middle, atol=0.0075)
    table.size(12)
    screen.keyboard.press("Shift+B")
    table.show("axial", 6)
    top = screen.get_by_test_id("edit-panel").locator("[data-action=brush]").bounding_box()
    table.drag("axial", 6, (10, 9, 6), (13, 11, 6))
    drawn = table.stored()
    after = dose_told(table, drawn)
    changes = after.mean_gy - before.mean_gy, after.near_maximum_gy - before.near_maximum_gy
    assert min(np.abs(changes)) > 1
    wanted = [after.mean_gy, changes[0], after.near_maximum_gy, changes[1]]
    np.testing.assert_allclose(read_dose_words(table, drawn), wanted, atol=0.0075)
    assert screen.get_by_test_id("edit-panel").locator("[data-action=brush]").bounding_box() == top
    screen.keyboard.press("z")
    np.testing.assert_allclose(read_dose_words(table, start), middle, atol=0.0075)
