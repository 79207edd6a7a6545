"""A reader's minutes and a lead's page switches in a real browser, with 6 and with 3,346 cases.

    python benchmarks/reading.py [--quick]

One real web process (`streamlit run app.py`) for each study of reading_parts/study.py and
headless Chromium without a GPU. Prints a table and, last, `reach: met` or `reach: missed (what)`;
exits with 0 or 1. `--quick` leaves out the large study and shortens the case.

* A case of 50 structures is graded by keys. A grade key counts only once its structure has been in
  sight for 250 ms, so the benchmark waits for the workspace's `data-in-sight` before each one; that
  wait is the reader's look and is not part of the time from the key to the next structure drawn.
* Edit: from the key `e` until the brush is there, on a structure whose mask has arrived.
* Page switches: from the click on the menu until the page's own landmark is there and the script
  has finished, the median of some rounds after one that warms up. The next case: from the key until
  its first structure is drawn.

Times hold for a quiet machine. The load and the server's own CPU time of a switch are printed
beside: where others work on the machine, the CPU time is what counts.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.reading_parts.browser import (  # noqa: E402
    PRESSED,
    TWO_FRAMES,
    signed_in,
    wait_until_finished,
    wait_until_quiet,
)
from benchmarks.reading_parts.study import COHORT, build_reading_study  # noqa: E402
from rigs.chromium import running_chromium  # noqa: E402
from rigs.seeing import look  # noqa: E402
from rigs.server import Server, running_server  # noqa: E402

FEW, ROUNDS = 6, 5
KEY_MS, EDIT_MS = 60, 50
SWITCH_MS = {FEW: 700, COHORT: 1200}
LANDMARKS = {
    "worklist": "[data-testid=row]",
    "cases": "[data-testid=row]",
    "cohort": ".js-plotly-plot .plot-container",
    "revisions": "text=No revision has been submitted yet",
    "overview": "text=What waits",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table; `reach` is the most it may be, `cpu_ms` the server's own time."""

    what: str
    found: float
    unit: str
    reach: float
    cpu_ms: float | None = None

    @property
    def is_met(self) -> bool:
        return self.found <= self.reach


def cpu_seconds(server: Server) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return float(times.user + times.system)


def measure_switch(page: Page, server: Server, name: str) -> tuple[float, float]:
    """Milliseconds until the page is there, and the server's CPU milliseconds for it."""
    link = page.get_by_role("link", name=name.title(), exact=True)
    cpu, began = cpu_seconds(server), time.perf_counter()
    link.click()
    page.wait_for_url(f"**/{name}*")
    page.locator(LANDMARKS[name]).first.wait_for()
    wait_until_finished(page)
    page.evaluate(TWO_FRAMES)
    return 1000 * (time.perf_counter() - began), 1000 * (cpu_seconds(server) - cpu)


def measure_switches(browser: Browser, server: Server, cases: int, rounds: int) -> list[Row]:
    """Every page of the lead's menu that a study's size could slow; the worklist is anna's."""
    rows = []
    for who, names in (
        ("lead", ("overview", "cases", "revisions", "cohort")),
        ("anna", ("worklist",)),
    ):
        with signed_in(browser, server, who) as page:
            away = "account"
            found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
            for _ in range(rounds + 1):
                for name in names:
                    found[name].append(measure_switch(page, server, name))
                page.get_by_role("link", name=away.title(), exact=True).click()
                page.locator("h1", has_text="Account").wait_for()
                wait_until_finished(page)
            for name, times in found.items():
                rows.append(
                    Row(
                        what=f"{name}, {cases:,} cases",
                        found=median(ms for ms, _ in times[1:]),
                        unit="ms",
                        reach=SWITCH_MS[cases],
                        cpu_ms=median(cpu for _, cpu in times[1:]),
                    )
                )
    return rows


def measure_next_case(page: Page, server: Server, cases: int) -> Row:
    """From the key for the next case until its first structure is drawn.

    By then a reader has looked at fifty structures: what is fetched ahead has come.
    """
    wait_until_quiet(page)
    name = page.get_by_test_id("case").inner_text()
    cpu, began = cpu_seconds(server), time.perf_counter()
    page.keyboard.press("Shift+N")
    page.wait_for_function(
        "(name) => { const now = window.findWorkspace();"
        " return now?.dataset.firstSliceMs"
        " && now.querySelector('[data-testid=case]').textContent !== name; }",
        arg=name,
    )
    page.evaluate(TWO_FRAMES)
    return Row(
        what=f"next case, {cases:,} cases",
        found=1000 * (time.perf_counter() - began),
        unit="ms",
        reach=SWITCH_MS[cases],
        cpu_ms=1000 * (cpu_seconds(server) - cpu),
    )


def open_first_case(page: Page) -> None:
    page.get_by_test_id("stBaseButton-primary").click()
    page.locator("[data-testid=workspace][data-first-slice-ms]").wait_for()
    page.wait_for_function(
        "() => { const [done, all] = (window.findWorkspace()?.dataset.loaded ?? '0/1').split('/');"
        " return done === all; }"
    )


def grade_case(page: Page, most: int) -> tuple[int, int, list[float]]:
    """Keys pressed, structures graded, and milliseconds from each key to the next structure."""
    page.evaluate(PRESSED)
    structures = min(most, page.get_by_test_id("structure").count())
    for _ in range(structures):
        look(page)
        page.keyboard.press("1")
        page.evaluate(TWO_FRAMES)
    page.wait_for_function(
        "(count) => window.findWorkspace().querySelector('[data-testid=progress]')"
        ".textContent.startsWith(`${count} /`)",
        arg=structures,
    )
    return structures, structures, list(page.evaluate("() => window.keyTimes"))


def measure_edits(page: Page, rounds: int) -> list[float]:
    """Milliseconds from the key until the brush is there, by the browser's own clock."""
    opened = """() => new Promise((done) => {
      const began = performance.now();
      const wait = () => {
        const brush = window.findWorkspace().querySelector("[data-action=brush]");
        if (brush && brush.offsetParent !== null) done(performance.now() - began);
        else requestAnimationFrame(wait);
      };
      document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key: "e", code: "KeyE", bubbles: true, composed: true }));
      wait();
    })"""
    times = []
    for _ in range(rounds):
        look(page)
        times.append(float(page.evaluate(opened)))
        page.keyboard.press("e")
        page.wait_for_timeout(300)
        page.keyboard.press("n")
    return times


def measure_reading(browser: Browser, server: Server, cases: int, most: int) -> list[Row]:
    with signed_in(browser, server, "anna") as page:
        open_first_case(page)
        edits = measure_edits(page, 5)
        keys, graded, times = grade_case(page, most)
        upcoming = measure_next_case(page, server, cases)
    return [
        Row(what="keys a structure", found=keys / graded, unit="", reach=1),
        Row(
            what=f"key to next structure, p95 of {len(times)}",
            found=float(np.percentile(times, 95)),
            unit="ms",
            reach=KEY_MS,
        ),
        Row(what="edit opens, median", found=median(edits), unit="ms", reach=EDIT_MS),
        upcoming,
    ]


def measure_study(browser: Browser, cases: int, *, rounds: int, most: int) -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="han5k-reading-") as folder:
        root = Path(folder)
        build_reading_study(root / "study", cases).engine.dispose()
        with running_server(root / "study", root / "web.log") as server:
            reading = measure_reading(browser, server, cases, most)
            return [*reading, *measure_switches(browser, server, cases, rounds)]


def print_table(rows: list[Row]) -> None:
    print(f"{'what':<38}{'found':>10}{'reach':>9}{'server CPU':>12}")
    for row in rows:
        cpu = "" if row.cpu_ms is None else f"{row.cpu_ms:.0f} ms"
        found = f"{row.found:.0f} {row.unit}" if row.unit else f"{row.found:.2f}"
        print(f"{row.what:<38}{found:>10}{row.reach:>6g} {row.unit:<2}{cpu:>12}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="6 cases, ten structures, two rounds")
    parser.add_argument("--cases", type=int, default=None, choices=(FEW, COHORT))
    chosen = parser.parse_args()
    sizes = (chosen.cases,) if chosen.cases else (FEW,) if chosen.quick else (FEW, COHORT)
    rounds, most = (2, 10) if chosen.quick else (ROUNDS, 50)
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")
    rows: list[Row] = []
    with running_chromium() as browser:
        for cases in sizes:
            rows += measure_study(browser, cases, rounds=rounds, most=most)
    print_table(rows)
    misses = [
        f"{row.what} {row.found:.0f} {row.unit} > {row.reach:g}" for row in rows if not row.is_met
    ]
    print(f"reach: {'missed (' + '; '.join(misses) + ')' if misses else 'met'}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
