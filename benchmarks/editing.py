"""Editing: what a stroke costs, and how soon the server has it on disk.

python benchmarks/editing.py --quick    ten seconds of twenty readers drawing
python benchmarks/editing.py            a minute of it
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from editing_parts.server import READERS, measure_patches


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reach of the issue: at most `limit`."""

    what: str
    value: float
    limit: float
    unit: str = "ms"

    @property
    def met(self) -> bool:
        return self.value <= self.limit

    def line(self) -> str:
        word = "met" if self.met else "MISSED"
        return f"{self.what:<52} {self.value:10,.1f} {self.unit:<3} <= {self.limit:8,.1f}  {word}"


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return float(np.percentile(values, 95))


def measure_server(seconds: float) -> list[Target]:
    """The server's part of the table."""
    found = measure_patches(seconds)
    print(
        f"{len(found.paced_ms)} strokes of {READERS} readers at a human pace: "
        f"median {median(found.paced_ms):.1f} ms, p95 {p95(found.paced_ms):.1f} ms, "
        f"longest {max(found.paced_ms):.1f} ms"
    )
    print(
        f"{len(found.hurried_ms)} more without a pause: "
        f"{found.hurried_per_second:.0f} per second, p95 {p95(found.hurried_ms):.1f} ms"
    )
    return [
        Target(
            what=f"patch acknowledged, {READERS} readers drawing, p95",
            value=p95(found.paced_ms),
            limit=100,
        ),
        Target(
            what="request of a 30 mm brush stroke, largest",
            value=max(found.stroke_bytes) / 1000,
            limit=20,
            unit="kB",
        ),
        Target(
            what="request of a 30 mm ball over 15 slices, largest",
            value=max(found.ball_bytes) / 1000,
            limit=20,
            unit="kB",
        ),
    ]


def main() -> int:
    """Measure, print, and say whether the reach is met."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="ten seconds of drawing only")
    quick = parser.parse_args().quick
    targets = measure_server(10 if quick else 60)
    for target in targets:
        print(target.line())
    missed = [target.what for target in targets if not target.met]
    print(f"reach: missed ({'; '.join(missed)})" if missed else "reach: met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
