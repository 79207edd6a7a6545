"""The pictures of docs/tour.md, made anew from the demo study: one of each screen.

    python scripts/tour.py [--demo data/demo-study] [--only case,study]

Works on a copy of the demo, which is a study at work: each page is opened in Chromium as the person
whose work it is. Pictures are small WebP files.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rigs.chromium import running_chromium  # noqa: E402
from rigs.seeing import sign_in  # noqa: E402
from rigs.server import Server, running_server  # noqa: E402

PASSWORD = "han5k-demo"
PICTURES = ROOT / "docs" / "tour"
SIZE, WIDTH, QUALITY = (1440, 900), 1080, 82
REVISED = "ParotidR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture: who looks at which address, and what must be there first."""

    name: str
    who: str
    address: str
    landmark: str


CASE = "demo-01"
READY = "[data-testid=workspace][data-loaded]"
SHOTS = (
    Shot(name="overview", who="lead", address="overview", landmark="text=What waits"),
    Shot(name="worklist", who="anna", address="worklist", landmark="[data-testid=row]"),
    Shot(name="review", who="anna", address="review", landmark=READY),
    Shot(name="cases", who="lead", address="cases", landmark="[data-testid=row]"),
    Shot(name="case", who="lead", address=f"cases?case={CASE}", landmark="canvas"),
    Shot(name="surfaces", who="lead", address=f"surfaces?case={CASE}", landmark=".gl-container"),
    Shot(name="revisions", who="ada", address="revisions", landmark=".han5k-card"),
    Shot(
        name="decide",
        who="ada",
        address=f"review?case={CASE}&structure={REVISED}&first=r1&compare=r2",
        landmark=READY,
    ),
    Shot(name="cohort", who="lead", address="cohort", landmark=".js-plotly-plot .boxlayer"),
    Shot(name="protocol", who="lead", address="protocol", landmark="text=Hours in all"),
    Shot(name="results", who="lead", address="results", landmark=".js-plotly-plot .plot-container"),
    Shot(name="retraining", who="lead", address="retraining", landmark="text=A new run"),
    Shot(name="exports", who="lead", address="exports", landmark="h1"),
    Shot(name="release", who="lead", address="release", landmark="text=Releases so far"),
    Shot(name="imports", who="lead", address="imports", landmark="h1"),
    Shot(name="names", who="lead", address="names", landmark="text=Table of names"),
    Shot(name="study", who="lead", address="study", landmark="text=Assign cases"),
    Shot(name="account", who="anna", address="account", landmark="text=Change the password"),
)


def take(page: Page, server: Server, shot: Shot) -> bytes:
    """Open the page, wait until it is whole, and give its picture as WebP."""
    page.goto(f"{server.url}/{shot.address}")
    page.locator(shot.landmark).first.wait_for(state="attached")
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=180_000)
    page.wait_for_timeout(2500)  # slabs, charts and fonts that come after the page itself
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    small = picture.resize((WIDTH, WIDTH * SIZE[1] // SIZE[0]), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "WEBP", quality=QUALITY, method=6)
    return out.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--demo", type=Path, default=ROOT / "data" / "demo-study")
    parser.add_argument("--only", help="names of pictures, with commas; else all")
    chosen = parser.parse_args()
    names = chosen.only.split(",") if chosen.only else [shot.name for shot in SHOTS]
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="han5k-tour-") as folder:
        root = Path(folder) / "study"
        shutil.copytree(chosen.demo, root)
        incoming = Path(folder) / "incoming" / "2026-05"
        incoming.mkdir(parents=True)
        environment = {"HAN5K_IMPORT_FOLDER": str(incoming.parent)}
        with (
            running_server(root, Path(folder) / "web.log", environment=environment) as server,
            running_chromium() as browser,
        ):
            page = browser.new_context(
                viewport={"width": SIZE[0], "height": SIZE[1]}, color_scheme="light"
            ).new_page()
            page.set_default_timeout(180_000)
            who = None
            for shot in [shot for shot in SHOTS if shot.name in names]:
                if shot.who != who:
                    page.context.clear_cookies()
                    sign_in(page, server.url, shot.who, PASSWORD)
                    who = shot.who
                content = take(page, server, shot)
                (PICTURES / f"{shot.name}.webp").write_bytes(content)
                print(f"{shot.name}: {len(content) / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
