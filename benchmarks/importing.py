"""Importing against its peers: one real-size case with 49 masks, then several with two workers.

    python benchmarks/importing.py [--quick] [--rounds R] [--folder DIR]

A case is 512 x 512 x 181 voxels with 49 gzip masks, made once and kept in DIR (by default the
system's folder for temporary files). Each act runs in a process of its own on one core, with the
files out of the page cache; of R rounds the fastest counts, since other work on the machine only
ever slows one down. An import is reading, checking, packing and storing, with the disk's own syncs;
SimpleITK and nibabel only read the same files into arrays and count their voxels. Their counts must
be those that the import stored. Two workers are measured on other cases, started before the clock
runs; beside it stands what the machine allows two processes that know nothing of each other.
`--quick` takes small cases and no second worker, and judges CPU seconds: tests run beside it.
Exits 0 when the reach is met, 1 when it is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import nibabel as nib
import numpy as np
from importing_parts.acts import drop_from_page_cache
from importing_parts.case import FULL, QUICK, CaseFiles, make_cases
from sqlmodel import select

from han5k_review.importing.imports import run_import
from han5k_review.importing.reports import CaseOutcome
from han5k_review.importing.sources import build_source
from han5k_review.importing.study import create_study
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import Case, LabelVersion
from han5k_review.study import read_study_catalogue

HERE = Path(__file__).resolve().parent
COHORT = 3346
PEERS = ("SimpleITK", "nibabel")
ACTS = ("dry run", "dry run, deep", "import", "again", "again, deep")
LIMITS_S = {"import": 3.5, "dry run": 0.5, "again": 0.1}
PEAK_MB, DISK_MB, SPEEDUP, HOURS = 600.0, 40.0, 1.7, 2.0


@dataclass
class Act:
    """The fastest of several runs, and the most memory that one took."""

    seconds: float = float("inf")
    cpu_s: float = float("inf")
    peak_mb: float = 0.0
    found: str = ""


@dataclass
class Pair:
    """Seconds for all cases with one worker and with two, and what the machine allows."""

    one_s: float = float("inf")
    two_s: float = float("inf")
    alone_s: float = float("inf")
    together_s: float = float("inf")


def make_study(folder: Path) -> Study:
    shutil.rmtree(folder, ignore_errors=True)
    return create_study(folder, "Import benchmark", now_utc=datetime.now(UTC))


def run_act(act: str, study: Path, case: CaseFiles, best: Act) -> None:
    """Run an act once, in a process of its own on one core."""
    cpu = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else -1
    command = [
        sys.executable,
        HERE / "importing_parts" / "acts.py",
        act,
        study,
        case.ct,
        case.masks,
        cpu,
    ]
    done = subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True, cwd=HERE.parent
    )
    answer = json.loads(done.stdout.splitlines()[-1])
    best.seconds = min(best.seconds, answer["seconds"])
    best.cpu_s = min(best.cpu_s, answer["cpu_s"])
    best.peak_mb = max(best.peak_mb, answer["peak_mb"])
    best.found = answer["found"]


def measure_acts(case: CaseFiles, folder: Path, rounds: int) -> tuple[dict[str, Act], float]:
    """All acts and peers, and the MB that a case takes on disk."""
    acts = {name: Act() for name in (*ACTS, *PEERS)}
    disk_mb = 0.0
    for _ in range(rounds):
        root = folder / "study"
        make_study(root).engine.dispose()
        empty_mb = measure_disk(root)
        for act in ACTS:
            run_act(act, root, case, acts[act])
            if act == "import":
                disk_mb = measure_disk(root) - empty_mb
        for peer in PEERS:
            run_act(peer, root, case, acts[peer])
    return acts, disk_mb


def measure_disk(folder: Path) -> float:
    return sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file()) / 1e6


def list_stored(root: Path, case: CaseFiles) -> list[int]:
    """What the study holds, as a peer counts it: the sum of the CT's HU, voxels of each mask."""
    from han5k_review.store.study import open_study

    study = open_study(root)
    with reading(study.engine) as session:
        (row,) = session.exec(select(Case)).all()
        versions = session.exec(select(LabelVersion)).all()
    hu = study.volumes.get_volume(row.image_sha256).hu
    voxels = {version.structure: version.voxels for version in versions}
    study.engine.dispose()
    names = [path.name.removesuffix(".nii.gz") for path in sorted(case.masks.iterdir())]
    same = np.array_equal(hu[:, ::-1], np.asanyarray(nib.load(case.ct).dataobj))
    return [int(hu.sum(dtype=np.int64)) if same else -1, *(voxels[name] for name in names)]


def is_ready(seconds: float) -> int:
    """In a worker: import what is needed, and stay busy so that the next worker starts."""
    import han5k_review.importing.case_reading  # noqa: F401

    time.sleep(seconds)
    return os.getpid()


def import_all(folder: str, cases: list[CaseFiles], workers: int) -> float:
    """Seconds to import the cases with so many worker processes, which run already."""
    study = make_study(Path(folder))
    catalogue = read_study_catalogue(study)
    sources = [
        build_source(
            {"case": case.name, "ct": str(case.ct), "labels": str(case.masks)},
            folder=Path(),
            study=study,
            origin=case.name,
        )
        for case in cases
    ]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        list(executor.map(is_ready, [0.3] * workers))
        drop_from_page_cache(file for case in cases for file in case.list_files())
        began = time.perf_counter()
        report = run_import(
            study,
            catalogue,
            sources,
            actor="benchmark",
            now=lambda: datetime.now(UTC),
            executor=executor,
        )
        seconds = time.perf_counter() - began
    study.engine.dispose()
    if report.count(CaseOutcome.NEW) != len(cases):
        raise SystemExit(f"{len(cases)} new cases were expected, found: {report.sentence}")
    return seconds


def measure_pair(cases: list[CaseFiles], folder: Path, rounds: int) -> Pair:
    pair = Pair()
    half = len(cases) // 2
    spawn = get_context("spawn")
    for _ in range(rounds):
        pair.one_s = min(pair.one_s, import_all(str(folder / "one"), cases, 1))
        pair.two_s = min(pair.two_s, import_all(str(folder / "two"), cases, 2))
        with ProcessPoolExecutor(2, mp_context=spawn) as apart:
            list(apart.map(is_ready, [0.3, 0.3]))
            halves = [(str(folder / "a"), cases[:half], 1), (str(folder / "b"), cases[half:], 1)]
            alone = sum(apart.submit(import_all, *part).result() for part in halves)
            both = [apart.submit(import_all, *part) for part in halves]
            pair.alone_s = min(pair.alone_s, alone)
            pair.together_s = min(pair.together_s, max(future.result() for future in both))
    return pair


def print_table(acts: dict[str, Act]) -> None:
    print(
        f"\n{'':16}{'s':>8}{'CPU s':>8}{'peak MB':>9}{'SimpleITK takes':>18}{'nibabel takes':>16}"
    )
    for name, act in acts.items():
        ratios = "".join(
            f"{acts[peer].seconds / act.seconds:>{width}.1f} x"
            for peer, width in zip(PEERS, (16, 14), strict=True)
        )
        print(f"{name:16}{act.seconds:>8.2f}{act.cpu_s:>8.2f}{act.peak_mb:>9.0f}{ratios}")


def judge(acts: dict[str, Act], disk_mb: float, *, quick: bool) -> list[str]:
    """What misses the reach for one case."""
    took = {name: act.cpu_s if quick else act.seconds for name, act in acts.items()}
    misses = [
        f"{name} {took[name]:.2f} s > {limit:g} s"
        for name, limit in LIMITS_S.items()
        if took[name] > limit
    ]
    peak_mb = max(acts[name].peak_mb for name in ACTS)
    misses += [f"{peak_mb:.0f} MB of memory > {PEAK_MB:.0f}"] if peak_mb > PEAK_MB else []
    misses += [f"{disk_mb:.1f} MB on disk > {DISK_MB:.0f}"] if disk_mb > DISK_MB else []
    return misses


def judge_pair(pair: Pair, cases: int) -> list[str]:
    """Print what two workers do, and say what misses the reach."""
    speedup = pair.one_s / pair.two_s
    hours = COHORT * pair.two_s / cases / 3600
    allowed = pair.alone_s / pair.together_s
    print(
        f"two workers: {pair.two_s / cases:.2f} s a case, {speedup:.2f} x one worker "
        f"({pair.one_s / cases:.2f} s); two processes that know nothing of each other: "
        f"{allowed:.2f} x"
    )
    print(f"{COHORT} cases on 2 cores: {hours:.2f} h")
    misses = [f"two workers {speedup:.2f} x < {SPEEDUP}"] if speedup < SPEEDUP else []
    return misses + ([f"{COHORT} cases {hours:.2f} h > {HOURS:g} h"] if hours > HOURS else [])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small cases, one round, one worker")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else FULL
    rounds = chosen.rounds or (1 if chosen.quick else 3)
    print(f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}")
    cases = make_cases(chosen.folder, size)
    files = cases[0].list_files()
    packed_mb = sum(path.stat().st_size for path in files) / 1e6
    shape = " x ".join(map(str, nib.load(cases[0].ct).shape))
    print(f"one case: {shape} voxels, {len(files) - 1} masks, {packed_mb:.1f} MB packed")
    with tempfile.TemporaryDirectory(prefix="han5k-import-", dir=chosen.folder) as scratch:
        folder = Path(scratch)
        acts, disk_mb = measure_acts(cases[0], folder, rounds)
        stored = list_stored(folder / "study", cases[0])
        print_table(acts)
        print(f"on disk: {disk_mb:.1f} MB a case")
        misses = judge(acts, disk_mb, quick=chosen.quick)
        for peer in PEERS:
            if json.loads(acts[peer].found) != stored:
                misses.append(f"{peer} counts other voxels than were stored")
        if not chosen.quick:
            misses += judge_pair(measure_pair(cases, folder, rounds), len(cases))
    print(f"reach: {'missed (' + '; '.join(misses) + ')' if misses else 'met'}")
    return 1 if misses else 0


if __name__ == "__main__":
    sys.exit(main())
