"""A newcomer's first visit: the demo is made, then each page is opened as each role, with pictures.

    python benchmarks/first_visit.py [--quick] [--study FOLDER] [--pictures FOLDER]

Prints the CPU and wall seconds of `han5k demo`, and every page with what is missing on it: a
sentence that says that there is nothing yet, or an error. Ends with `reach: met` when no page of a
role is empty and the demo was made within 60 s. `--quick` makes two cases; `--study` takes a demo
that is there. A busy machine makes the wall time say little: look at the CPU seconds.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rigs.chromium import running_chromium  # noqa: E402
from rigs.seeing import sign_in  # noqa: E402
from rigs.server import running_server  # noqa: E402

PASSWORD = "han5k-demo"
MOST_S = 60.0
WIDE, NARROW = (1440, 900), (1024, 768)
PAGES = {
    "anna": ("worklist", "review", "account"),
    "ben": ("worklist", "review"),
    "ada": ("revisions", "cases", "cohort"),
    "lead": (
        *(
            "overview",
            "cases",
            "cases?case=demo-01",
            "surfaces?case=demo-01",
            "review?case=demo-01",
        ),
        *("cohort?view=Plot", "cohort?view=Per structure", "cohort?view=Worst pairs"),
        *("cohort?view=Volumes", "cohort?view=Trend"),
        *("protocol?view=Protocol", "protocol?view=Reads", "protocol?view=Readers"),
        *("protocol?view=Versions", "results?view=Grades", "results?view=Agreement"),
        *("results?view=Certificates", "results?view=Grade and metric", "results?view=Triage"),
        *("retraining", "exports", "release", "study", "revisions", "imports", "names"),
    ),
}
EXPECTED_EMPTY = frozenset({"imports", "names", "release"})
"""Pages of what comes from outside or goes there: imports, their names, releases so far."""
_NOTHING = re.compile(
    r"[^.\n]*\b(?:nothing is|no one has|nobody has|none yet|not yet any|no \w+ yet|there is no|"
    r"has no \w+ yet|no number yet|too few grades to say|no model yet|no run yet)\b[^.\n]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What making the demo took, in seconds."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One page as one person saw it; `lacks` are sentences that say that something is missing."""

    who: str
    address: str
    lacks: tuple[str, ...]


def make_demo(folder: Path, cases: int) -> Cost:
    """Run the command as a newcomer does."""
    before, began = os.times(), time.monotonic()
    command = [sys.executable, "-m", "han5k_review.cli", "demo", "--cases", str(cases)]
    subprocess.run([*command, "--study", str(folder)], cwd=ROOT, check=True)
    after = os.times()
    cpu_s = sum(after[2:4]) - sum(before[2:4])
    return Cost(wall_s=time.monotonic() - began, cpu_s=cpu_s)


def visit(page: Page, url: str, pictures: Path) -> Iterator[Seen]:
    """Every page of every person, a picture of each at both sizes."""
    for who, addresses in PAGES.items():
        page.context.clear_cookies()
        sign_in(page, url, who, PASSWORD)
        for place, address in enumerate(addresses):
            page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
            page.goto(f"{url}/{address}")
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            page.wait_for_timeout(2500)  # charts and slabs that come after the page itself
            name = re.sub(r"\W+", "-", f"{who}-{place:02d}-{address}")
            page.screenshot(path=pictures / f"{name}.png", full_page=True)
            page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
            page.screenshot(path=pictures / f"{name}-narrow.png")
            text = page.locator("[data-testid=stMain]").inner_text()
            lacks = [found.group().strip() for found in _NOTHING.finditer(text)]
            lacks += ["an error"] * page.locator("[data-testid=stException]").count()
            yield Seen(who=who, address=address, lacks=tuple(lacks))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="two cases instead of eight")
    parser.add_argument("--study", type=Path, help="a demo that is there already")
    parser.add_argument("--pictures", type=Path, help="where pictures go; default: a temporary one")
    chosen = parser.parse_args(arguments)
    reached = True
    with tempfile.TemporaryDirectory(prefix="han5k-visit-") as folder:
        study = chosen.study or Path(folder) / "study"
        if chosen.study is None:
            cost = make_demo(study, 2 if chosen.quick else 8)
            print(f"han5k demo: {cost.wall_s:.0f} s, {cost.cpu_s:.0f} s of CPU")
            reached = cost.wall_s <= MOST_S
        pictures = chosen.pictures or Path(folder)
        pictures.mkdir(parents=True, exist_ok=True)
        with (
            running_server(study, Path(folder) / "web.log") as server,
            running_chromium() as browser,
        ):
            page = browser.new_context(color_scheme="light").new_page()
            page.set_default_timeout(180_000)
            for seen in visit(page, server.url, pictures):
                print(
                    f"{seen.who:5} {seen.address:32} {'; '.join(seen.lacks) or 'shows something'}"
                )
                reached &= not seen.lacks or seen.address in EXPECTED_EMPTY
    print(f"reach: {'met' if reached else 'missed'}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
