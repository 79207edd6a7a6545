"""Many readers at once: how long a grade and a slab take, what is lost, what a reader costs.

    python benchmarks/load.py --readers 50 --minutes 5
    python benchmarks/load.py --readers 50 --minutes 5 --database postgresql --web 2
    python benchmarks/load.py --quick          # 4 readers, a small CT, some seconds

A real web process (or two behind deploy/nginx.conf), a real database that waits for its disk, and
clients on loopback, each with an address of its own. Every reader signs in, opens the review page
(its websocket stays open), loads a whole CT of 40 MB three slabs at a time as the viewer does,
gives 49 grades and draws 20 strokes over the minutes, asks for a slab and tells where it is before
each grade, and sends a twentieth of its acts twice. Readers come one after another over a fifth of
the time, at most a minute. Afterwards rows are counted against acknowledgements.

Prints a table and, last, `reach: met` or `reach: missed (what)`; exits with 0 or 1. Times are of a
quiet machine: the load of others and the share of the clients are printed beside them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.load_parts.clients import Visited, Visits, visit  # noqa: E402
from benchmarks.load_parts.reader import Notes  # noqa: E402
from benchmarks.load_parts.results import (  # noqa: E402
    Target,
    count_stored,
    list_targets,
    print_times,
)
from benchmarks.load_parts.site import POSTGRESQL, SQLITE, Site, open_site  # noqa: E402
from rigs.noisy_ct import FULL_SHAPE  # noqa: E402

CLIENTS = 2  # processes
MOST_ARRIVAL_S = 60.0
QUICK_READERS, QUICK_S, QUICK_SHAPE = 4, 6.0, (128, 128, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Who reads how long; the last reader is the one who warmed the server up."""

    readers: int
    seconds: float
    shape_ijk: tuple[int, int, int]
    database: str
    web: int

    @property
    def arrival_s(self) -> float:
        """Seconds from the first reader's coming to the last one's."""
        return min(MOST_ARRIVAL_S, self.seconds / 5)


def put_under_load(site: Site, load: Load) -> list[Target]:
    """Warm up with one visit, then everybody; prints the table and gives the reach."""
    numbers = range(1, load.readers + 1)
    with ProcessPoolExecutor(CLIENTS, mp_context=get_context("spawn")) as processes:
        warm = [load.readers + n + 1 for n in range(4 * load.web)]
        first = processes.submit(visit, _plan(site, warm, 0.0, 0.0)).result()
        memory_mb, web_s, base_s = site.web_memory_mb(), site.web_cpu_s(), site.database_cpu_s()
        began = time.monotonic()
        plans = [
            _plan(site, numbers[n::CLIENTS], load.arrival_s, load.seconds) for n in range(CLIENTS)
        ]
        visited: list[Visited] = list(processes.map(visit, plans))
    wall_s = time.monotonic() - began
    notes = Notes()
    for one in visited:
        notes.add(one.notes)
    reader_mb = (site.web_memory_mb() - memory_mb) / load.readers
    cores_s = wall_s * (os.cpu_count() or 1)
    shares = {
        "clients": sum(one.cpu_s for one in visited) / cores_s,
        "web": (site.web_cpu_s() - web_s) / cores_s,
        "database server": (site.database_cpu_s() - base_s) / cores_s,
    }
    late_ms = np.percentile([ms for one in visited for ms in one.late_ms], 95)
    print_times(notes)
    print(
        f"  {notes.slab_bytes / 1e6:.0f} MB of slabs; {notes.sent_twice} acts sent twice; share of "
        f"{os.cpu_count()} cores: "
        + ", ".join(f"{who} {share:.0%}" for who, share in shares.items())
    )
    print(
        f"  clients late by {late_ms:.0f} ms (p95); web {memory_mb:.0f} MB before, then +"
        f"{reader_mb:.1f} MB a reader"
    )
    for error in [*first.notes.errors, *notes.errors][:10]:
        print(f"  error: {error}")
    notes.grades += first.notes.grades
    notes.strokes += first.notes.strokes
    notes.errors += first.notes.errors
    stored = count_stored(site, notes)
    print(f"  {stored.acknowledged} grades and strokes acknowledged")
    return list(list_targets(notes, stored, reader_mb))


def _plan(site: Site, numbers: range | list[int], arrival_s: float, seconds: float) -> Visits:
    return Visits(
        url=site.url,
        certificate=site.certificate,
        numbers=list(numbers),
        arrival_s=arrival_s,
        seconds=seconds,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL), default=SQLITE)
    parser.add_argument("--web", type=int, choices=(1, 2), default=1, help="web processes")
    parser.add_argument("--quick", action="store_true", help="4 readers, a small CT, some seconds")
    chosen = parser.parse_args()
    if chosen.web > 1 and chosen.database == SQLITE:
        parser.error("two web processes were asked for: they need --database postgresql")
    quick = chosen.quick
    load = Load(
        readers=QUICK_READERS if quick else chosen.readers,
        seconds=QUICK_S if quick else 60 * chosen.minutes,
        shape_ijk=QUICK_SHAPE if quick else FULL_SHAPE,
        database=chosen.database,
        web=chosen.web,
    )
    print(
        f"{load.readers} readers, {load.seconds:.0f} s, {load.database}, {load.web} web; "
        f"{os.cpu_count()} cores, load of the last minute {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    with (
        tempfile.TemporaryDirectory(prefix="han5k-load-") as folder,
        open_site(
            Path(folder),
            database=load.database,
            web=load.web,
            readers=load.readers + 4 * load.web,
            shape_ijk=load.shape_ijk,
        ) as site,
    ):
        targets = put_under_load(site, load)
    for target in targets:
        print(target.line())
    missed = [f"{one.what} {one.value:.1f} > {one.limit:g}" for one in targets if not one.is_met]
    print(f"reach: {'missed (' + '; '.join(missed) + ')' if missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
