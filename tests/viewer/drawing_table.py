"""A browser tab at the real server that draws, and where each voxel is on its screen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from rigs.viewer_cases import write_plain_table
from rigs.viewer_desk import Desk, running
from tests.web.bench import GRID, WebBench
from tests.web.drafting import read_packet

SHAPE = GRID.shape
SPACING = np.array([2.0, 2.0, 3.0])
# columns, rows, through, are rows counted from below: the planes as docs/viewer.md describes them
PLANES = {"axial": (0, 1, 2, False), "sagittal": (1, 2, 0, True), "coronal": (0, 2, 1, True)}
Mask = NDArray[np.bool_]


CENTRES = np.stack(np.indices(SHAPE), axis=-1).astype(float)
Points = NDArray[np.float64]


def near(points: Points, radius_mm: float) -> Mask:
    """Voxels whose centre is within a radius of a line through points."""
    hit = np.zeros(SHAPE, dtype=bool)
    for start, end in pairwise(points * SPACING):
        line, away = end - start, CENTRES * SPACING - start
        share = np.clip(away @ line / max(line @ line, 1e-12), 0.0, 1.0)
        hit |= ((away - share[..., None] * line) ** 2).sum(axis=-1) <= radius_mm**2
    return hit


def on_slice(plane: str, index: int) -> Mask:
    """Voxels of one slice."""
    flat = np.zeros(SHAPE, dtype=bool)
    flat.swapaxes(0, PLANES[plane][2])[index] = True
    return flat


@dataclass(slots=True, kw_only=True)
class Table:
    """One tab that edits one structure."""

    screen: Page
    url: str
    bench: WebBench
    name: str = "ParotidL"
    steps: int = 0

    def mount(self) -> None:
        """Open the case and do nothing: an edit that was left open is offered."""
        self.screen.goto(f"{self.url}/harness")
        self.screen.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")

    def open(self) -> None:
        """Mount the case, choose the structure, show the whole picture."""
        self.mount()
        self.screen.locator(f"[data-structure={self.name}]").click()
        if self.screen.locator("[data-action=auto-zoom]").get_attribute("aria-pressed") == "true":
            self.screen.keyboard.press("u")
        self.screen.keyboard.press("b")

    def edit(self) -> None:
        """Press e and wait until drawing is possible."""
        self.screen.keyboard.press("e")
        expect(self.screen.locator("[data-action=brush]")).to_be_visible()

    def show(self, plane: str, index: int) -> None:
        """Make a plane the large view, on one slice."""
        self.screen.get_by_test_id(f"plane-{plane}").click()
        view = self.screen.get_by_test_id("view-main")
        expect(view).to_have_attribute("data-plane", plane)
        for _ in range(60):
            at = int(view.get_attribute("data-slice") or 0)
            if at == index:
                return
            self.screen.keyboard.press("ArrowUp" if at < index else "ArrowDown")
            expect(view).not_to_have_attribute("data-slice", str(at))
        raise AssertionError(f"slice {index} was not reached")

    def pixel(self, plane: str, ijk: tuple[float, float, float]) -> tuple[int, int]:
        """The whole pixel of the window nearest to a voxel coordinate."""
        left, top, scale = self._geometry(plane)
        column, row, _, flip = PLANES[plane]
        across = (ijk[column] + 0.5) * SPACING[column]
        down = (SHAPE[row] - 0.5 - ijk[row] if flip else ijk[row] + 0.5) * SPACING[row]
        return round(left + across * scale), round(top + down * scale)

    def point(self, plane: str, pixel: tuple[int, int], index: int) -> NDArray[np.float64]:
        """The voxel coordinate under a pixel."""
        left, top, scale = self._geometry(plane)
        column, row, through, flip = PLANES[plane]
        ijk = np.zeros(3)
        ijk[column] = (pixel[0] - left) / scale / SPACING[column] - 0.5
        down = (pixel[1] - top) / scale / SPACING[row] - 0.5
        ijk[row] = SHAPE[row] - 1 - down if flip else down
        ijk[through] = index
        return ijk

    def _geometry(self, plane: str) -> tuple[float, float, float]:
        x, y, width, height = self.screen.get_by_test_id("view-main").evaluate(
            "(view) => { const box = view.getBoundingClientRect();"
            " return [box.left, box.top, view.clientWidth, view.clientHeight]; }"
        )
        column, row, _, _ = PLANES[plane]
        wide, tall = SHAPE[column] * SPACING[column], SHAPE[row] * SPACING[row]
        scale = min(width / wide, height / tall)
        return x + (width - wide * scale) / 2, y + (height - tall * scale) / 2, scale

    def drag(
        self,
        plane: str,
        index: int,
        *points: tuple[float, float, float],
        button: Literal["left", "right"] = "left",
    ) -> NDArray[np.float64]:
        """Press at the first point, move through the others, let go; the points as drawn."""
        pixels = [self.pixel(plane, point) for point in points]
        mouse = self.screen.mouse
        mouse.move(*pixels[0])
        mouse.down(button=button)
        for pixel in pixels[1:]:
            mouse.move(*pixel)
        mouse.up(button=button)
        return np.array([self.point(plane, pixel, index) for pixel in pixels])

    def size(self, mm: int) -> None:
        """Set the brush with its keys."""
        output = self.screen.get_by_test_id("brush-size")
        for _ in range(20):
            now = int((output.text_content() or "0").split()[0])
            if now == mm:
                return
            self.screen.keyboard.press("]" if now < mm else "[")
            expect(output).not_to_have_text(f"{now} mm")
        raise AssertionError(f"a brush of {mm} mm was not reached")

    def stored(self, steps: int = 1) -> Mask:
        """The draft at the server, once the page says that `steps` more are saved."""
        self.steps += steps
        panel = self.screen.get_by_test_id("edit-panel")
        expect(panel).to_have_attribute("data-saved", str(self.steps))
        expect(self.screen.get_by_test_id("edit-state")).to_contain_text("saved")
        url = f"{self.url}/api/assignments/1/drafts/{self.name}/mask"
        return read_packet(self.screen.request.get(url).body(), SHAPE)[1]

    def start(self) -> Mask:
        """The contour under review."""
        mask = self.bench.masks[self.name]
        dense = np.zeros(SHAPE, dtype=bool)
        dense[mask.slices] = mask.voxels
        return dense


@contextmanager
def sitting(bench: WebBench, screen: Page) -> Iterator[Table]:
    """Serve the study, its structures without partners and titles, to anna."""
    write_plain_table(bench.study, bench.versions)
    desk = Desk(study=bench.study)
    with running(desk.app()) as url:
        desk.sign_in(screen.context, url, "anna")
        yield Table(screen=screen, url=url, bench=bench)
