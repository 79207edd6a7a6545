"""Strokes and prompts on a CT of full size with its dose and an edit band on, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks.assist_parts.sitting import Run
from benchmarks.assist_parts.threads import measure_workers_ms
from han5k_review.imaging.dose import DoseVolume
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from han5k_review.viewer.payload import ViewerBand
from rigs.chromium import running_chromium
from rigs.prompt_model import Growth
from rigs.prompt_server import running_prompt_server
from rigs.viewer_cases import DeskCase, lps_grid, store_cases
from rigs.viewer_desk import running

SHAPE, SPACING_MM = (512, 512, 181), (0.977, 0.977, 2.5)
HALF_MM = 36.0
# act -> the key of its tool, its button, and where it is drawn, in mm from the middle of the view
ACTS = {
    "stroke": ("q", "[data-action=brush]", [(-30.0 + 3 * n, -34.0) for n in range(21)]),
    "eraser": ("r", "[data-action=eraser]", [(-30.0 + 3 * n, 20.0) for n in range(21)]),
    "prompt": ("Shift+Enter", "[data-testid=prompt-point]", [(44.0, 0.0)]),
}
WATCH = """() => {
  const seen = (window.seen = { began: 0, ended: 0, held: 0 });
  let last = performance.now();
  const look = () => {  // a timer waits 4 ms where nothing holds the thread
    const now = performance.now();
    if (seen.began && !seen.ended) seen.held = Math.max(seen.held, now - last - 4);
    last = now;
    setTimeout(look);
  };
  look();
}"""
COUNTED = """(before) => {
  const root = document.querySelector('#host').shadowRoot;
  const { voxels } = root.querySelector('[data-testid=edit-dose]').dataset;
  const { saved } = root.querySelector('[data-testid=edit-panel]').dataset;
  if (voxels === before[0] || saved === before[1] || voxels === '') return false;
  seen.ended = performance.now();
  return [voxels, saved];
}"""


@dataclass(slots=True, kw_only=True)
class DosedSitting:
    """A tab in which a contour is edited; `known`: voxels that the dose counts, steps saved."""

    page: Page
    known: list[str]

    def run(self, act: str) -> Run:
        """Act once, until it is saved and its dose is counted; then take it back."""
        key, button, points = ACTS[act]
        page = self.page
        if page.locator(button).get_attribute("aria-pressed") != "true":
            page.keyboard.press(key)
            page.locator(f"{button}[aria-pressed=true]").wait_for()
        page.evaluate("() => Object.assign(seen, { began: performance.now(), ended: 0, held: 0 })")
        before = measure_workers_ms()
        self.draw(points)
        self.known = self._wait()
        worked_ms = measure_workers_ms() - before
        seen = page.evaluate("() => seen")
        page.keyboard.press("z")
        self.known = self._wait()
        return Run(
            worked_ms=worked_ms,
            took_ms=seen["ended"] - seen["began"],
            held_ms=seen["held"],
            box="x".join(map(str, SHAPE)),
        )

    def draw(self, points: list[tuple[float, float]]) -> None:
        """Through places in the large view, which shows the whole CT."""
        box = self.page.get_by_test_id("view-main").bounding_box()
        assert box is not None
        scale = min(box["width"], box["height"]) / (SHAPE[0] * SPACING_MM[0])
        mouse = self.page.mouse
        for n, (u, v) in enumerate(points):
            mouse.move(
                box["x"] + box["width"] / 2 + u * scale, box["y"] + box["height"] / 2 + v * scale
            )
            if n == 0:
                mouse.down()
        mouse.up()

    def _wait(self) -> list[str]:
        counted = self.page.wait_for_function(COUNTED, arg=self.known, timeout=120_000)
        return [str(one) for one in counted.json_value()]


def build_case() -> DeskCase:
    """An ellipsoid in noise, its contour 2 mm off; accepted revisions ended within 4 mm."""
    grid = lps_grid(SHAPE, SPACING_MM)
    noise = np.random.default_rng(1).normal(0, 15, (*SHAPE[:2], 8)).astype(np.int16)
    hu = np.tile(noise, (1, 1, SHAPE[2] // 8 + 1))[..., : SHAPE[2]] + np.int16(40)
    hu[_find_ball(HALF_MM, 0.0)] += np.int16(60)
    mask = StructureMask.from_dense(_find_ball(HALF_MM, 2.0), grid)
    band = ViewerBand(margin_mm=4.0, share=0.9, n=9)
    return DeskCase(
        ct=CtVolume(grid=grid, hu=np.ascontiguousarray(hu)),
        masks={"ParotidL": mask},
        references={},
        shown={"bands": {"ParotidL": band}},
    )


def _find_ball(half_mm: float, aside_mm: float) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    away = [
        ((at - size // 2) * step - aside_mm * (axis == 0)) ** 2
        for axis, (at, size, step) in enumerate(
            zip(np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]], SHAPE, SPACING_MM, strict=True)
        )
    ]
    inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = away[0] + away[1] + away[2] <= (
        half_mm**2
    )
    return inside


def build_dose() -> DoseVolume:
    """A blob of 66 Gy on a grid of 3 mm around the whole CT."""
    shape = (150, 150, 150)
    away = [
        ((at - n / 2) * 3.0 / 50) ** 2
        for at, n in zip(np.ogrid[: shape[0], : shape[1], : shape[2]], shape, strict=True)
    ]
    gy = 66.0 * np.exp(-(away[0] + away[1] + away[2]))
    grid = lps_grid(shape, (3.0, 3.0, 3.0))
    return DoseVolume(grid=grid, gy=gy.astype(np.float32), prescription_gy=66.0)


@contextmanager
def sit_down_with_dose(folder: Path) -> Iterator[DosedSitting]:
    """A fresh browser before the case, the contour in hand, dose, band and prompts on."""
    desk = store_cases(folder / "study", [build_case()])
    [image] = {path.name for path in desk.study.volumes.folder.glob("*/*")}
    desk.study.doses.put_dose(image, build_dose())
    with ExitStack() as stack:
        growth = Growth(tolerance_hu=150.0, reach=20)
        asked = stack.enter_context(running_prompt_server(folder / "log", growth=growth))
        os.environ.update(asked.environment)
        stack.callback(lambda: [os.environ.pop(name) for name in asked.environment])
        url = stack.enter_context(running(desk.app()))
        page = stack.enter_context(running_chromium()).new_page(
            viewport={"width": 1440, "height": 900}
        )
        desk.sign_in(page.context, url, "anna")
        page.goto(f"{url}/harness?assignment=1")
        page.wait_for_selector("[data-testid=workspace][data-first-slice-ms]")
        for key in ("b", "%", "4", "e"):
            page.keyboard.press(key)
        page.get_by_test_id("prompt-licence").wait_for()
        page.locator("[data-testid=band][data-ready=true]").wait_for(state="attached")
        page.evaluate(WATCH)
        sitting = DosedSitting(page=page, known=["", "-"])
        sitting.known = sitting._wait()
        yield sitting
    desk.study.engine.dispose()
