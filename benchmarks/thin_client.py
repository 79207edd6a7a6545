"""A weak machine on a thin line: 4 x slower CPU, 20 Mbit/s, 40 ms, and a CT of 40 MB with noise.

    python benchmarks/thin_client.py            # three visits
    python benchmarks/thin_client.py --quick    # one visit, a small CT: every step once

One real web process and headless Chromium without a GPU, slowed down by DevTools. The browser's
cache holds the pages' own files (one visit of another reader before), never the CT. Measured by the
page's own clock: from the click on the worklist until the viewer stands (mount), from there until
its first slice is drawn and until the whole CT is there; while it loads, steps of the wheel from
the event to the frame, and grades from the key to the last byte of the answer.

Prints a table and, last, `reach: met` or `reach: missed (what)`; exits with 0 or 1. DevTools slow
down what the machine has left: on a busy one every time is too long.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.load_parts.study import build_load_study  # noqa: E402
from benchmarks.thin_parts.visits import Times, visit_case  # noqa: E402
from benchmarks.viewer_parts.table import Target, p95  # noqa: E402
from rigs.chromium import running_chromium  # noqa: E402
from rigs.noisy_ct import FULL_SHAPE  # noqa: E402
from rigs.server import running_server  # noqa: E402

VISITS = 3
QUICK_SHAPE = (128, 128, 96)


def measure(visits: int, shape_ijk: tuple[int, int, int]) -> Times:
    """Visits of readers 2, 3, ... with a cache that the visit of reader 1 filled."""
    found = Times()
    with tempfile.TemporaryDirectory(prefix="han5k-thin-") as folder:
        root = Path(folder)
        build_load_study(root / "study", visits + 1, shape_ijk, None)
        with (
            running_server(root / "study", root / "web.log") as server,
            running_chromium() as browser,
        ):
            context = browser.new_context(viewport={"width": 1440, "height": 900})
            visit_case(context, server.url, 1, slow=False)
            for number in range(2, visits + 2):
                found.add(visit_case(context, server.url, number, slow=True))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one visit, a small CT")
    quick = parser.parse_args().quick
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}", flush=True)
    found = measure(1 if quick else VISITS, QUICK_SHAPE if quick else FULL_SHAPE)
    print(f"  {found.slab_mb:.1f} MB of slabs a visit")
    targets = (
        Target(what="mount, warm cache, longest", value=max(found.mount_ms), limit=1500),
        Target(what="first slice after it, longest", value=max(found.first_ms), limit=800),
        Target(
            what=f"step while loading, p95 of {len(found.step_ms)}",
            value=p95(found.step_ms),
            limit=33,
        ),
        Target(
            what=f"grade acknowledged, p95 of {len(found.grade_ms)}",
            value=p95(found.grade_ms),
            limit=250,
        ),
        Target(what="whole CT, longest", value=max(found.whole_ms) / 1000, limit=25, unit="s"),
    )
    for target in targets:
        print(target.line())
    missed = [f"{one.what} {one.value:.0f} > {one.limit:g}" for one in targets if not one.met]
    print(f"reach: {'missed (' + '; '.join(missed) + ')' if missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
