"""What is measured of a whole cohort: pages, grades written, workbook, report, release page."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from sqlmodel import Session, select
from streamlit.testing.v1 import AppTest

from benchmarks.study_parts.cohort import list_waiting
from benchmarks.study_parts.cohort_rows import STRUCTURES
from han5k_review.exports.release import ReleaseRequest
from han5k_review.exports.release.outlook import build_outlook, read_outlook_stamp
from han5k_review.exports.selection import Selection
from han5k_review.review.grading import GradeRequest, submit_grade
from han5k_review.review.overview import list_disagreements, measure_overview
from han5k_review.settings import get_settings
from han5k_review.store.columns import utc_now
from han5k_review.store.engine import reading, transaction
from han5k_review.store.many_objects import many_objects
from han5k_review.store.study import Study
from han5k_review.store.tables import LabelVersion, Reader
from han5k_review.study import get_study_info, read_study_scale
from han5k_review.triage.evidence import read_evidence
from han5k_review.ui.visit import open_bench
from rigs.bulk_rows import find_label

ROOT = Path(__file__).resolve().parents[2]
PAGE = Path(__file__).with_name("page.py")
RESULTS = ("Grades", "Agreement", "Certificates", "Grade and metric", "Triage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One act: seconds by the clock and of the CPUs (the database server's too), memory in GB."""

    what: str
    seconds: float
    cpu_s: float
    memory_gb: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a cohort lies; `server_pid` is the PostgreSQL server's, None with SQLite."""

    study: Study
    cases: int
    url: str | None = None
    server_pid: int | None = None


def measure_cohort(place: Place, folder: Path, rounds: int) -> Iterator[Found]:
    """Every act on one cohort, the pages first, since grades are written afterwards."""
    with serving(place):
        yield measure_best(place, "worklist", lambda: run_page("worklist"), rounds)
        for view in RESULTS:
            yield measure_best(place, f"results: {view}", lambda view=view: run_page(view), rounds)
    yield measure_best(place, "overview", lambda: read_overview(place.study), rounds)
    # Both are kept while nothing changes: the first opening is what costs.
    yield measure_best(place, "results: Triage, first", lambda: read_triage(place.study), 1)
    yield measure_best(
        place, "release page, first", lambda: build_outlook(place.study, ReleaseRequest()), 1
    )
    yield measure_best(place, "release page", lambda: read_outlook_stamp(place.study), rounds)
    yield measure_grades(place)
    yield measure_command(place, "workbook", ["export", "--out", str(folder / "all.xlsx")])
    if "report" in set(Selection):
        out = str(folder / "report.html")
        yield measure_command(place, "report", ["export", "--out", out, "--what", "report"])


@contextmanager
def serving(place: Place) -> Iterator[None]:
    """The pages of this process show this cohort."""
    values = {"HAN5K_STUDY": str(place.study.root), "HAN5K_DATABASE_URL": place.url or ""}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update({name: value for name, value in values.items() if value})
    get_settings.cache_clear()
    open_bench.clear()
    try:
        yield
    finally:
        open_bench().study.engine.dispose()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        get_settings.cache_clear()
        open_bench.clear()


def run_page(name: str) -> None:
    """One run of a page, as a click starts it; its error ends the benchmark."""
    os.environ["HAN5K_PAGE"] = name
    main = sys.modules["__main__"]  # AppTest leaves its script in this place
    page = AppTest.from_file(str(PAGE), default_timeout=600).run()
    sys.modules["__main__"] = main
    if page.exception:
        raise RuntimeError(f"The page {name} was expected, it says: {page.exception[0].message}")


def read_triage(study: Study) -> None:
    """What the triage view asks for after any change of grades."""
    with many_objects(), reading(study.engine) as session:
        read_evidence(session)


def read_overview(study: Study) -> None:
    """What the lead's first page asks the database for."""
    with reading(study.engine) as session:
        measure_overview(session, now=utc_now())
        list_disagreements(session, most=20)


def measure_best(place: Place, what: str, act: Callable[[], object], rounds: int) -> Found:
    """The fastest of some rounds, after one that warms up: others only ever slow one down.

    One round alone comes without a warm one.
    """
    if rounds > 1:
        act()
    found = []
    for _ in range(rounds):
        cpu, began = read_cpu(place), time.perf_counter()
        act()
        found.append((time.perf_counter() - began, read_cpu(place) - cpu))
    return Found(
        what=what, seconds=min(wall for wall, _ in found), cpu_s=min(cpu for _, cpu in found)
    )


def read_cpu(place: Place) -> float:
    """CPU seconds of this process and of the database server so far."""
    own = time.process_time()
    if place.server_pid is None:
        return own
    server = psutil.Process(place.server_pid)
    for process in (server, *server.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        own += times.user + times.system
    return own


def measure_grades(place: Place) -> Found:
    """Grade every contour that waits, each in a transaction of its own; the 95th percentile by the
    clock, the mean of the CPU time."""
    with reading(place.study.engine) as session:
        info = get_study_info(session)
        scale = read_study_scale(place.study, info)
    seconds, cpu = [], read_cpu(place)
    for assignment_id, reader_id in list_waiting(place.cases):
        for structure, label in _list_labels(place, assignment_id):
            request = GradeRequest(
                request_id=f"benchmark-{assignment_id}-{label}",
                structure=structure,
                label_version_id=label,
                code="no",
                active_seconds=4.0,
            )
            began = time.perf_counter()
            with transaction(place.study.engine) as session:
                submit_grade(
                    session,
                    assignment_id=assignment_id,
                    reader=session.get_one(Reader, reader_id),
                    scale=scale,
                    request=request,
                    now=utc_now(),
                )
            seconds.append(time.perf_counter() - began)
    return Found(
        what="grade write, p95",
        seconds=float(np.percentile(seconds, 95)),
        cpu_s=(read_cpu(place) - cpu) / len(seconds),
    )


def _list_labels(place: Place, assignment_id: int) -> list[tuple[str, int]]:
    case = (assignment_id - 1) // 2 + 1
    wanted = [find_label(case, number, STRUCTURES) for number in range(STRUCTURES)]
    with reading(place.study.engine) as session:
        return [(_structure(session, number), number) for number in wanted]


def _structure(session: Session, number: int) -> str:
    return session.exec(select(LabelVersion.structure).where(LabelVersion.id == number)).one()


def measure_command(place: Place, what: str, arguments: list[str]) -> Found:
    """One `han5k` command in a process of its own, its start and imports included."""
    environment = {**os.environ, "HAN5K_STUDY": str(place.study.root)}
    if place.url is not None:
        environment["HAN5K_DATABASE_URL"] = place.url
    command = [sys.executable, "-m", "han5k_review.cli", *arguments]
    server, began = read_cpu(place), time.perf_counter()
    own = time.process_time()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    memory = 0
    # Not the peak that wait4 tells: before its program starts, a child has its parent's memory.
    while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
        memory = max(memory, read_peak_kb(process.pid))
        time.sleep(0.05)
    _, status, used = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"han5k {' '.join(arguments)} was expected to end well, it did not.")
    return Found(
        what=what,
        seconds=time.perf_counter() - began,
        cpu_s=used.ru_utime + used.ru_stime + read_cpu(place) - server - time.process_time() + own,
        memory_gb=memory / 1024**2,
    )


def read_peak_kb(pid: int) -> int:
    """The most memory that a process held so far; 0 when it has just ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0].split()[1]) if found else 0
