"""A reader study at full size: what pages, grades, workbook and report cost; and what grades prove.

    python benchmarks/study.py [--quick] [--busy] [--cases N] [--engine SQLite|PostgreSQL]
    python benchmarks/study.py --simulate [--quick] [--seed N]

Writes a cohort (3,346 cases x 49 structures x 2 readers, 12 readers) into a database of SQLite and
one of PostgreSQL, and a tenth of it, and measures both as readers and leads meet them: pages by
their own script without a browser (their second click, the fastest of some), grades each in a
transaction of its own, the workbook by the command in a process of its own. Prints a table. The CPU
seconds count the database server too; with `--busy`, where others work on the machine, they decide
instead of the clock. `growth` is how often the CPU time of the tenth goes into that of the whole:
at most 10, and a quarter more for what disturbs. `--quick` is 40 cases, two rounds, busy, no tenth.

`--simulate` plays 10,000 studies whose truth is known (with `--quick` 1,000) on one core, in a few
minutes, and looks at each after every read. It prints one line per promise; lines that "show why
not" are promises that nobody made: what happens to studies that look without a sequential
certificate, or believe every reader.

The last line is `reach: met` or `reach: missed (what)`; exits with 0 or 1.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.study_parts.acts import Found, measure_cohort  # noqa: E402
from benchmarks.study_parts.cohort_rows import COHORT, READS, STRUCTURES  # noqa: E402
from benchmarks.study_parts.engines import ENGINES, open_place  # noqa: E402
from benchmarks.study_simulation import (  # noqa: E402
    Finding,
    simulate_audit,
    simulate_certificates,
    simulate_coverage,
    simulate_missed_errors,
    simulate_reads,
    simulate_releases,
)
from han5k_review.exports.selection import Selection  # noqa: E402

STUDIES, QUICK = 10_000, 1_000
# Of 2,000, 95 % is known within one point (two standard errors); the quick run allows for its own.
INTERVALS, QUICK_INTERVALS = 2_000, 200
QUICK_CASES, ROUNDS = 40, 3
PAGE_S = 3.0
REACH_S = {"worklist": 0.3, "grade write, p95": 0.05, "workbook": 60.0, "report": 60.0}
WORKBOOK_GB = 1.5
GROWTH = 12.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One act on one engine: at full size and at a tenth of it."""

    engine: str
    whole: Found
    tenth: Found | None
    busy: bool

    @property
    def counted_s(self) -> float:
        """What decides: the clock, or the CPU time."""
        return self.whole.cpu_s if self.busy else self.whole.seconds

    @property
    def reach_s(self) -> float | None:
        """The most seconds it may take; None for a page that nobody promised."""
        return REACH_S.get(self.whole.what, PAGE_S if "results" in self.whole.what else None)

    @property
    def growth(self) -> float:
        """How often the tenth's CPU time goes into the whole's; 0 where there is no tenth."""
        return 0.0 if self.tenth is None else self.whole.cpu_s / max(self.tenth.cpu_s, 1e-3)

    def list_misses(self) -> list[str]:
        """What was not reached, in words."""
        whole, name = self.whole, f"{self.engine} {self.whole.what}"
        misses = []
        if self.reach_s is not None and self.counted_s > self.reach_s:
            misses.append(f"{name} {self.counted_s:.3g} s > {self.reach_s:g} s")
        if whole.what == "workbook" and (whole.memory_gb or 0) > WORKBOOK_GB:
            misses.append(f"{name} {whole.memory_gb:.1f} GB > {WORKBOOK_GB} GB")
        if self.growth > GROWTH:
            misses.append(f"{name} costs {self.growth:.0f} x for 10 x")
        return misses


def measure_size(engine: str, cases: int, rounds: int) -> list[Found]:
    """All acts on a new cohort."""
    with tempfile.TemporaryDirectory(prefix="han5k-study-") as folder:
        root, began = Path(folder), time.perf_counter()
        with open_place(engine, root, cases) as place:
            grades = cases * STRUCTURES * READS
            built = time.perf_counter() - began
            print(f"{engine}: {cases:,} cases, {grades:,} grades, written in {built:.0f} s")
            found = []
            for one in measure_cohort(place, root, rounds):
                print(f"    {one.what}: {one.seconds:.3f} s, CPU {one.cpu_s:.3f} s", flush=True)
                found.append(one)
            return found


def measure_sizes(chosen: argparse.Namespace, cases: int, rounds: int) -> list[Line]:
    """Every act on every engine, whole and, unless it must be quick, at a tenth."""
    lines = []
    for engine in [chosen.engine] if chosen.engine else ENGINES:
        tenths = [] if chosen.quick else measure_size(engine, cases // 10, rounds)
        lines += [
            Line(engine=engine, whole=whole, tenth=tenth, busy=chosen.quick or chosen.busy)
            for whole, tenth in zip_longest(measure_size(engine, cases, rounds), tenths)
        ]
    return lines


def print_table(lines: list[Line]) -> None:
    print(
        f"{'engine':<12}{'what':<28}{'found s':>9}{'reach s':>9}{'CPU s':>9}{'GB':>6}{'growth':>8}"
    )
    for line in lines:
        whole = line.whole
        reach = "" if line.reach_s is None else f"{line.reach_s:g}"
        memory = "" if whole.memory_gb is None else f"{whole.memory_gb:.2f}"
        print(
            f"{line.engine:<12}{whole.what:<28}{whole.seconds:>9.3f}{reach:>9}"
            f"{whole.cpu_s:>9.3f}{memory:>6}{line.growth:>8.1f}"
        )
    if "report" not in set(Selection):
        print("report: not built")


def reach_sizes(chosen: argparse.Namespace) -> list[str]:
    """Measure, print, and say what was missed."""
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")
    cases = chosen.cases or (QUICK_CASES if chosen.quick else COHORT)
    lines = measure_sizes(chosen, cases, 2 if chosen.quick else ROUNDS)
    print_table(lines)
    return [miss for line in lines for miss in line.list_misses()]


def simulate(seed: int, studies: int, intervals: int) -> Iterator[Finding]:
    """All findings, each as soon as it is there."""
    rng = np.random.default_rng(seed)
    yield from simulate_certificates(rng, studies)
    yield from simulate_missed_errors(rng, studies)
    yield from simulate_audit(rng, studies)
    yield from simulate_releases(rng, studies)
    yield from simulate_reads(rng, studies)
    yield from simulate_coverage(rng, intervals)


def reach_promises(seed: int, studies: int, intervals: int) -> list[str]:
    """Play, print, and say what was missed."""
    missed = []
    for finding in simulate(seed, studies, intervals):
        mark = {True: "kept", False: "MISSED", None: ""}[finding.kept]
        print(f"{finding.what}\n    {finding.found}   {finding.wanted}   {mark}", flush=True)
        if finding.kept is False:
            missed.append(f"{finding.what}: {finding.found}")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simulate", action="store_true", help="play studies instead")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} studies; 40 cases")
    parser.add_argument("--seed", type=int, default=15)
    parser.add_argument("--cases", type=int, default=None)
    parser.add_argument("--busy", action="store_true", help="the CPU time decides")
    parser.add_argument("--engine", choices=ENGINES, default=None)
    chosen = parser.parse_args()
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").disabled = True
    began = time.perf_counter()
    if chosen.simulate:
        sizes = (QUICK, QUICK_INTERVALS) if chosen.quick else (STUDIES, INTERVALS)
        missed = reach_promises(chosen.seed, *sizes)
    else:
        missed = reach_sizes(chosen)
    print(f"{time.perf_counter() - began:.0f} s")
    print(f"reach: missed ({'; '.join(missed)})" if missed else "reach: met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
