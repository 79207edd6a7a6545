"""Assistance while drawing: smart tools in the browser, and prompts through our server.

    python benchmarks/assist.py                    nine runs of each tool, 20 + 10 prompts a reader
    python benchmarks/assist.py --quick            three, and 4 + 2
    python benchmarks/assist.py --part prompts     only one of the parts

Tools: from the key to the new contour on the screen, and how long the main thread is held. A
synthetic CT with a soft ellipsoid, headless Chromium without a GPU. Each tool looks at a box of
about 96 x 96 x 96 voxels (follow: at slices of it); its size is printed. `worked` is the processor
time of the worker, which other programs on the machine do not lengthen, `took` the time from the
key to the frame that shows the result, `held` the longest time in which nothing else could run on
the main thread, in the run that was disturbed least. The reach counts `worked` and `held`.

Prompts: what our server adds to the prompt server's own time with ten readers (proxy and journal;
drawing the answer on the screen is the browser's and not in it). `first` is the first prompt of a
session, with the CT of 512 x 512 x 120 voxels on its way; `after a stroke` sends the contour anew.
The reach counts the 95th percentile of both kinds that come after the first.

Prints tables and, last, `reach: met` or `reach: missed (what)`; exits with 0 or 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.assist_parts.prompting import AFTER, FIRST, ON, measure_prompts  # noqa: E402
from benchmarks.assist_parts.sitting import TOOLS, Run, sit_down  # noqa: E402

LIMIT_MS = 300
HOLD_MS = 16
PROMPT_MS = 60


def print_row(name: str, runs: list[Run]) -> bool:
    """One line of the table; is its reach met?"""
    worked = median(run.worked_ms for run in runs)
    took = sorted(run.took_ms for run in runs)
    held = min(run.held_ms for run in runs)
    is_met = worked <= LIMIT_MS and held <= HOLD_MS
    sys.stdout.write(
        f"{name:8} {runs[0].box:>10} {worked:9.0f} {median(took):9.0f} {took[0]:9.0f} "
        f"{took[-1]:9.0f} {held:9.1f}   {'met' if is_met else 'MISSED'}\n"
    )
    return is_met


def show_tools(count: int) -> list[str]:
    """The table of the smart tools; those that missed their reach."""
    with tempfile.TemporaryDirectory() as folder, sit_down(Path(folder)) as sitting:
        found = {name: [sitting.run(name) for _ in range(count + 1)][1:] for name in TOOLS}
    words = ("worked", "took", "least", "most", "held")
    sys.stdout.write(f"{'ms':8} {'box':>10} {' '.join(f'{word:>9}' for word in words)}\n")
    missed = [name for name, runs in found.items() if not print_row(name, runs)]
    sys.stdout.write(f"at most: worked {LIMIT_MS}, held {HOLD_MS}\n")
    return missed


def show_prompts(going_on: int, after_strokes: int) -> list[str]:
    """The table of the prompts; those that missed their reach."""
    found = measure_prompts(going_on, after_strokes)
    missed = []
    sys.stdout.write(
        f"{'prompt, ms of our own':22} {'n':>5} {'median':>8} {'p95':>8} {'most':>8}\n"
    )
    for kind in (FIRST, ON, AFTER):
        p95 = float(np.percentile(found[kind], 95))
        counts = kind != FIRST
        verdict = "" if not counts else "met" if p95 <= PROMPT_MS else "MISSED"
        missed += [f"prompts {kind}"] if verdict == "MISSED" else []
        sys.stdout.write(
            f"{kind:22} {len(found[kind]):5} {median(found[kind]):8.1f} {p95:8.1f} "
            f"{max(found[kind]):8.1f}   {verdict}\n"
        )
    sys.stdout.write(f"at most: p95 {PROMPT_MS}\n")
    return missed


def main() -> int:
    """Measure, print, and say whether the reach is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few runs of each")
    parser.add_argument("--part", choices=["tools", "prompts"], help="only this one")
    asked = parser.parse_args()
    missed = []
    if asked.part != "prompts":
        missed += show_tools(3 if asked.quick else 9)
    if asked.part != "tools":
        missed += show_prompts(*((4, 2) if asked.quick else (20, 10)))
    sys.stdout.write(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    sys.stdout.write(f"reach: {'missed (' + ', '.join(missed) + ')' if missed else 'met'}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
