"""Acts over many patients: a tree searched, looked through and imported; a crew of two workers."""

from __future__ import annotations

import importlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from importing_parts.acts import read_peak_mb


def read_cpu_s() -> float:
    """CPU seconds of this process and of those it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def measure_tree(root: Path, *, dry_run: bool) -> dict[str, object]:
    """Search a tree and import it, or look through it; in this process alone."""
    from datetime import UTC, datetime

    from han5k_review.importing.name_list import build_name_rows
    from han5k_review.importing.study import create_study
    from han5k_review.importing.tree_imports import TreeOrder, find_tree_sources, import_tree
    from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
    from han5k_review.study import read_study_catalogue

    with tempfile.TemporaryDirectory(prefix="han5k-exchange-") as folder:
        study = create_study(Path(folder) / "study", "Benchmark", now_utc=datetime.now(UTC))
        catalogue = read_study_catalogue(study)
        choice = TreeChoice(naming=CaseNaming.PATIENT_ID)
        order = TreeOrder(root=root, choice=choice, dry_run=dry_run)
        marks: list[float] = []
        began, cpu_began = time.perf_counter(), read_cpu_s()
        sources = find_tree_sources(study, order)
        found_s = time.perf_counter() - began
        report = import_tree(
            study,
            catalogue,
            sources,
            order,
            actor="benchmark",
            now=lambda: datetime.now(UTC),
            progress=lambda *_: marks.append(time.process_time()),
        )
        rows = build_name_rows((n for case in report.cases for n in case.names), catalogue)
        took = time.perf_counter() - began, read_cpu_s() - cpu_began
        study.engine.dispose()
        tenth = max(1, len(marks) // 10)
        return {
            "seconds": took[0],
            "cpu_s": took[1],
            "search_s": found_s,
            "cases": len(report.cases),
            "names": len(rows),
            "growth": (marks[-1] - marks[-1 - tenth]) / (marks[tenth] - marks[0]),
            "found": report.sentence,
        }


def measure_full_disk(root: Path, disk: Path) -> dict[str, object]:
    """Import a tree into a study on `disk`, which somebody else fills at three fifths of the way.

    Every case from there on must be refused in a sentence, and the next import must be whole.
    """
    from datetime import UTC, datetime

    from han5k_review.importing.reports import CaseOutcome
    from han5k_review.importing.study import create_study
    from han5k_review.importing.tree_imports import TreeOrder, find_tree_sources, import_tree
    from han5k_review.importing.tree_sources import CaseNaming, TreeChoice
    from han5k_review.study import read_study_catalogue

    study = create_study(disk / "study", "Benchmark", now_utc=datetime.now(UTC))
    catalogue = read_study_catalogue(study)
    order = TreeOrder(root=root, choice=TreeChoice(naming=CaseNaming.PATIENT_ID))
    sources = find_tree_sources(study, order)
    full_at = len(sources.sources.sources) * 3 // 5
    ballast = disk / "ballast"
    marks: list[float] = []

    def fill(_case: object, done: int, _total: int) -> None:
        if done == full_at:
            marks.append(time.perf_counter())
            fill_disk(ballast)

    def run(progress: object) -> object:
        now = lambda: datetime.now(UTC)  # noqa: E731
        return import_tree(
            study, catalogue, sources, order, actor="benchmark", now=now, progress=progress
        )

    began, cpu_began = time.perf_counter(), read_cpu_s()
    first = run(fill)
    refused_s = time.perf_counter() - marks[0]
    ballast.unlink()
    again = run(None)
    refused = [case for case in first.cases if case.outcome is CaseOutcome.REFUSED]
    study.engine.dispose()
    return {
        "seconds": time.perf_counter() - began,
        "cpu_s": read_cpu_s() - cpu_began,
        "cases": len(first.cases),
        "full_at": full_at,
        "refused_s": refused_s,
        "said": refused[0].sentence if refused else "nothing",
        "is_whole": (
            len(refused) == len(first.cases) - full_at
            and all("free space" in case.sentence for case in refused)
            and again.count(CaseOutcome.NEW) == len(refused)
            and again.count(CaseOutcome.UNCHANGED) == full_at
            and not list(disk.rglob("*.tmp"))
        ),
    }


def fill_disk(ballast: Path) -> None:
    """Write until nothing fits any more."""
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(1 << 16))


def measure_crew(folder: Path, workers: int) -> dict[str, object]:
    """Import the cases of a crew with so many worker processes, which run already."""
    from concurrent.futures import ProcessPoolExecutor
    from datetime import UTC, datetime
    from multiprocessing import get_context

    from han5k_review.importing.imports import run_import
    from han5k_review.importing.study import create_study
    from han5k_review.importing.tree_imports import TreeOrder, find_tree_sources
    from han5k_review.study import read_study_catalogue

    with (
        tempfile.TemporaryDirectory(prefix="han5k-exchange-") as scratch,
        ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor,
    ):
        study = create_study(Path(scratch) / "study", "Benchmark", now_utc=datetime.now(UTC))
        catalogue = read_study_catalogue(study)
        sources = find_tree_sources(study, TreeOrder(root=folder)).sources.sources
        list(executor.map(_be_ready, [0.5] * workers))
        began = time.perf_counter()
        report = run_import(
            study,
            catalogue,
            sources,
            actor="benchmark",
            now=lambda: datetime.now(UTC),
            executor=executor,
        )
        took = time.perf_counter() - began
        peaks = list(executor.map(_be_ready, [0.5] * workers))
        study.engine.dispose()
        return {
            "seconds": took,
            "cpu_s": took,
            "cases": len(sources),
            "worker_mb": max(peaks),
            "found": report.sentence,
        }


def _be_ready(seconds: float) -> float:
    """In a worker: import what is needed, stay busy so that the next one starts; its peak in MB."""
    importlib.import_module("han5k_review.importing.imports")
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass
    return read_peak_mb()
