"""Measuring a cohort: cases per second by executor and workers, and what 3,346 cases would take.

    python benchmarks/cohort.py [--quick] [--cases N] [--rounds R] [--shared DIR]

Makes a study of N cases x 49 pairs (two raters' real contours and drawn organs, every case moved
to another place, so that no file is there twice), and runs the project's own evaluation on it:
label files read and checked (taken out of the page cache first), measured, stored in SQLite.
Workers are started and have compiled before the clock runs; of R rounds the fastest counts, since
other work on the machine only ever slows one down. Still, efficiency needs two idle cores: on a
busy machine look at the CPU time per case (all processes), which should hardly grow with workers.
What the machine itself allows is printed beside: two processes that report to nobody, each with
half of the files, against one of them alone (two "cores" may be threads of one, and share its
memory). Memory is a worker's peak. Exits 0 when the reach is met, 1 when it is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from cohort_parts.machine import (
    ask_each,
    drop_from_page_cache,
    measure_ceiling,
    open_kind,
    read_use,
    sum_cpu,
    warm_up,
)
from cohort_parts.study import STRUCTURES, build_study
from sqlmodel import delete

from han5k_review.anatomy.catalogue import read_catalogue
from han5k_review.evaluation import (
    EvaluationPlan,
    plan_evaluation,
    run_evaluation,
)
from han5k_review.store.engine import reading, transaction
from han5k_review.store.run_tables import Metric
from han5k_review.store.study import Study

ROOT = Path(__file__).resolve().parents[1]
KINDS = ("processes", "threads", "dask")
COHORT = 3346
EFFICIENCY, MEMORY_GB, MINUTES = 0.85, 1.0, 5.0
REACH_KIND = "processes"  # what `han5k evaluate` uses unless told otherwise


@dataclass
class Run:
    cases_per_s: float = 0.0
    memory_gb: float = 0.0
    cpu_ms: float = float("inf")
    start_s: float = 0.0


def run_once(study: Study, plan: EvaluationPlan, kind: str, workers: int, best: Run) -> None:
    with transaction(study.engine) as session:
        session.exec(delete(Metric))
    drop_from_page_cache(study)
    begin = time.perf_counter()
    with open_kind(kind, workers) as workforce:
        executor = workforce.executor
        if executor is None:
            raise SystemExit(f"An executor was expected for {kind}, found none.")
        ask_each(executor, workers, warm_up)
        cpu_s = sum_cpu(ask_each(executor, workers, read_use))
        ready = time.perf_counter()
        report = run_evaluation(
            study,
            plan,
            executor=executor,
            cases_per_task=workforce.cases_per_task(len(plan.cases)),
            broken=workforce.broken,
        )
        seconds = time.perf_counter() - ready
        uses = ask_each(executor, workers, read_use)
        cpu_s = sum_cpu(uses) - cpu_s
    if report.failed or report.measured != len(plan.pairs):
        raise SystemExit(f"{len(plan.pairs)} measured pairs were expected, found {report}.")
    best.cases_per_s = max(best.cases_per_s, len(plan.cases) / seconds)
    best.memory_gb = max(best.memory_gb, *(use.peak_gb for use in uses))
    best.cpu_ms = min(best.cpu_ms, 1000 * cpu_s / len(plan.cases))
    best.start_s = ready - begin


def print_table(runs: dict[tuple[str, int], Run]) -> None:
    print(
        f"{'executor':<11}{'workers':>8}{'cases/s':>9}{'pairs/s':>9}{'efficiency':>12}"
        f"{'CPU ms/case':>13}{'GB/worker':>11}{'start s':>9}{f'{COHORT} x {STRUCTURES}':>14}"
    )
    for (kind, workers), run in runs.items():
        minutes = COHORT / run.cases_per_s / 60
        print(
            f"{kind:<11}{workers:>8}{run.cases_per_s:>9.1f}{run.cases_per_s * STRUCTURES:>9.0f}"
            f"{efficiency(runs, kind, workers):>12.2f}{run.cpu_ms:>13.1f}{run.memory_gb:>11.2f}"
            f"{run.start_s:>9.1f}{minutes:>10.1f} min"
        )


def efficiency(runs: dict[tuple[str, int], Run], kind: str, workers: int) -> float:
    return runs[kind, workers].cases_per_s / (workers * runs[kind, 1].cases_per_s)


def find_misses(runs: dict[tuple[str, int], Run]) -> list[str]:
    two = runs[REACH_KIND, 2]
    found = efficiency(runs, REACH_KIND, 2)
    minutes = COHORT / two.cases_per_s / 60
    memory = max(run.memory_gb for run in runs.values())
    misses = []
    if found < EFFICIENCY:
        misses.append(f"efficiency {found:.2f} of {REACH_KIND} at 2 workers < {EFFICIENCY}")
    if memory > MEMORY_GB:
        misses.append(f"{memory:.2f} GB per worker > {MEMORY_GB}")
    if minutes > MINUTES:
        misses.append(f"{minutes:.1f} minutes for {COHORT} x {STRUCTURES} > {MINUTES}")
    return misses


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="24 cases, one round")
    parser.add_argument("--cases", type=int, default=None)
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared" / "data")
    chosen = parser.parse_args()
    cases = chosen.cases or (24 if chosen.quick else 96)
    rounds = chosen.rounds or (1 if chosen.quick else 3)
    catalogue = read_catalogue(ROOT / "data" / "structures.csv")
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="han5k-cohort-") as folder:
        study = build_study(Path(folder), cases, chosen.shared, catalogue)
        files = list(study.labels.folder.rglob("*.nii.gz"))
        size = sum(path.stat().st_size for path in files) / 1e6
        print(f"{cases} cases x {STRUCTURES} pairs: {len(files)} label files, {size:.0f} MB")
        with reading(study.engine) as session:
            plan = plan_evaluation(session, catalogue)
        runs = {(kind, workers): Run() for kind in KINDS for workers in (1, 2)}
        for number in range(rounds):
            for (kind, workers), best in runs.items():
                run_once(study, plan, kind, workers, best)
                if sys.stderr.isatty():
                    print(f"round {number + 1}, {kind}, {workers} workers", file=sys.stderr)
        ceiling = measure_ceiling(study, plan, rounds)
        study.engine.dispose()
    print_table(runs)
    print(f"ceiling: efficiency {ceiling:.2f} of two processes that know nothing of each other")
    misses = find_misses(runs)
    print(f"reach: {'missed (' + '; '.join(misses) + ')' if misses else 'met'}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
