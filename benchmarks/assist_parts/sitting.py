"""The reader of benchmarks/assist.py: a tab that edits one contour, and its smart tools by key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from benchmarks.assist_parts.threads import measure_workers_ms
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.volume import CtVolume
from rigs.chromium import running_chromium
from rigs.viewer_cases import DeskCase, lps_grid, store_cases
from rigs.viewer_desk import running

# tool -> the key that a keyboard has for it
TOOLS = {
    "snap": "Shift+Digit1",
    "follow": "Shift+Digit9",
    "smooth": "Shift+Digit0",
    "grow": "Shift+Digit8",
}
SHAPE = (160, 160, 128)
MIDDLE = np.array([80, 80, 64])
HALF_MM = 36
WATCH = """() => {
  const root = document.querySelector('#host').shadowRoot;
  const tools = root.querySelector('[data-testid=smart-tools]');
  const seen = (window.seen = { began: 0, ended: 0, held: 0, box: '' });
  window.addEventListener('keydown', () => {
    if (!seen.began) seen.began = performance.now();
  }, { capture: true });
  new MutationObserver(() => {
    if (tools.dataset.working === '' && seen.began && !seen.ended) seen.ended = performance.now();
  }).observe(tools, { attributeFilter: ['data-working'] });
  let last = performance.now();
  const look = () => {  // a timer waits 4 ms where nothing holds the thread
    const now = performance.now();
    if (seen.began && !seen.ended) seen.held = Math.max(seen.held, now - last - 4);
    last = now;
    setTimeout(look);
  };
  look();
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    const job = Array.isArray(message.job) ? message.job[0] : message.job;
    const count = Array.isArray(message.job)
      ? message.job.reduce((sum, side) => sum + side.cells.length, 0) : '';
    seen.box = `${job.size.slice(0, 2).join('x')}x${count || job.size[2]}`;
    return post.call(this, message, ...rest);
  };
}"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One use of a tool: from the key to the frame, the longest hold, the voxels looked at.

    `worked_ms`: the worker's own processor time, which other programs do not lengthen.
    """

    worked_ms: float
    took_ms: float
    held_ms: float
    box: str


@dataclass(slots=True, kw_only=True)
class Sitting:
    """A tab in which a contour is edited."""

    page: Page
    is_seeding: bool = False

    def run(self, name: str) -> Run:
        """Use a tool once and take it back."""
        page = self.page
        if (name == "grow") != self.is_seeding:
            self.is_seeding = not self.is_seeding
            (self.seed if self.is_seeding else self.prepare)()
        page.evaluate("() => Object.assign(seen, { began: 0, ended: 0, held: 0 })")
        before = measure_workers_ms()
        page.keyboard.press(TOOLS[name])
        page.wait_for_function("() => seen.ended > 0")
        worked_ms = measure_workers_ms() - before
        seen = page.evaluate("() => seen")
        page.keyboard.press("Escape" if name == "follow" else "z")
        page.wait_for_timeout(300)
        return Run(
            worked_ms=worked_ms,
            took_ms=seen["ended"] - seen["began"],
            held_ms=seen["held"],
            box=str(seen["box"]),
        )

    def prepare(self) -> None:
        """The first reach, no seeds, everything with Whole, and a slice that was changed."""
        page = self.page
        page.keyboard.press("Escape")
        page.keyboard.press("Shift+V")
        page.get_by_test_id("smart-mm").fill("5")
        page.get_by_test_id("smart-mm").press("Enter")
        self.draw("q", (-10, -34), (10, -30))
        page.get_by_test_id("edit-panel").and_(page.locator("[data-saved='1']")).wait_for()

    def seed(self) -> None:
        """Strokes inside on two slices and one outside, 44 mm apart: a box of about 96 mm."""
        page = self.page
        page.get_by_test_id("smart-mm").fill("20")
        page.get_by_test_id("smart-mm").press("Enter")
        for _ in range(22):
            page.keyboard.press("ArrowUp")
        self.draw("7", (-20, 0), (20, 0))
        for _ in range(40):
            page.keyboard.press("ArrowDown")
        self.draw("7", (0, -20), (0, 20))
        self.draw("8", (-24, -24), (-24, -20))

    def draw(self, key: str, *points: tuple[float, float]) -> None:
        """A stroke through places in millimetres from the middle of the large view."""
        page = self.page
        box = page.get_by_test_id("view-main").bounding_box()
        assert box is not None
        scale = min(box["width"], box["height"]) / SHAPE[0]
        page.keyboard.press(key)
        for n, (u, v) in enumerate(points):
            x, y = box["x"] + box["width"] / 2 + u * scale, box["y"] + box["height"] / 2 + v * scale
            page.mouse.move(x, y)
            if n == 0:
                page.mouse.down()
        page.mouse.up()


def build_case() -> DeskCase:
    """An ellipsoid of 60 HU above what is around it, noise of 15 HU; its contour lies 2 mm off."""
    grid = lps_grid(SHAPE, (1.0, 1.0, 1.0))
    away = np.stack(np.indices(SHAPE), axis=-1) - MIDDLE
    inside = ((away / HALF_MM) ** 2).sum(axis=-1) <= 1
    noise = np.random.default_rng(1).normal(0, 15, SHAPE)
    hu = np.round(40 + 60 * inside + noise).astype(np.int16)
    moved = ((((away - (2, -1, 1)) / HALF_MM) ** 2).sum(axis=-1) <= 1).astype(bool)
    mask = StructureMask.from_dense(moved, grid)
    return DeskCase(
        ct=CtVolume(grid=grid, hu=hu), masks={"ParotidL": mask}, references={}, shown={}
    )


@contextmanager
def sit_down(folder: Path) -> Iterator[Sitting]:
    """A fresh browser before the case, the contour in hand and the seeds drawn."""
    desk = store_cases(folder / "study", [build_case()])
    with running(desk.app()) as url, running_chromium() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        desk.sign_in(page.context, url, "anna")
        page.goto(f"{url}/harness?assignment=1")
        page.wait_for_selector("[data-testid=workspace][data-loaded='16/16']")
        page.keyboard.press("b")
        page.keyboard.press("e")
        page.locator("[data-action=brush]").wait_for()
        page.evaluate(WATCH)
        sitting = Sitting(page=page)
        sitting.prepare()
        yield sitting
    desk.study.engine.dispose()
