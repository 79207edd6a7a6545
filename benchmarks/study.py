"""Studies by the thousand: are certificates false as rarely as they say, do intervals hold.

    python benchmarks/study.py --simulate [--quick] [--seed N]

Plays 10,000 studies whose truth is known (with `--quick` 1,000) on one core, in a few minutes, and
looks at each after every read. Prints one line per promise and, last, `reach: met` or
`reach: missed (what)`; exits with 0 or 1. Lines that "show why not" are promises that nobody made:
what happens to studies that look without a sequential certificate, or believe every reader.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np
from study_simulation import (
    Finding,
    simulate_audit,
    simulate_certificates,
    simulate_coverage,
    simulate_missed_errors,
    simulate_reads,
    simulate_releases,
)

STUDIES, QUICK = 10_000, 1_000
# Of 2,000, 95 % is known within one point (two standard errors); the quick run allows for its own.
INTERVALS, QUICK_INTERVALS = 2_000, 200


def simulate(seed: int, studies: int, intervals: int) -> Iterator[Finding]:
    """All findings, each as soon as it is there."""
    rng = np.random.default_rng(seed)
    yield from simulate_certificates(rng, studies)
    yield from simulate_missed_errors(rng, studies)
    yield from simulate_audit(rng, studies)
    yield from simulate_releases(rng, studies)
    yield from simulate_reads(rng, studies)
    yield from simulate_coverage(rng, intervals)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulate", action="store_true", required=True, help="play studies")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} studies")
    parser.add_argument("--seed", type=int, default=15)
    arguments = parser.parse_args()
    sizes = (QUICK, QUICK_INTERVALS) if arguments.quick else (STUDIES, INTERVALS)
    began, missed = time.perf_counter(), []
    for finding in simulate(arguments.seed, *sizes):
        mark = {True: "kept", False: "MISSED", None: ""}[finding.kept]
        print(f"{finding.what}\n    {finding.found}   {finding.wanted}   {mark}", flush=True)
        if finding.kept is False:
            missed.append(f"{finding.what}: {finding.found}")
    print(f"{time.perf_counter() - began:.0f} s")
    print(f"reach: missed ({'; '.join(missed)})" if missed else "reach: met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
