"""What was found: rows against acknowledgements, and the table with its reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import select

from benchmarks.load_parts.reader import Notes
from benchmarks.load_parts.site import Site
from han5k_review.store.draft_tables import DraftPatch
from han5k_review.store.engine import reading
from han5k_review.store.study import open_study
from han5k_review.store.tables import Grade

GRADE_MS, SLAB_MS, READER_MB = 150.0, 300.0, 25.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Rows beside what was acknowledged: `lost` has no row, `doubled` has a row too many."""

    acknowledged: int
    lost: int
    doubled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One line of the reach: at most `limit`."""

    what: str
    value: float
    limit: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Is it reached? What was never measured is not."""
        return self.value <= self.limit

    def line(self) -> str:
        """As it is printed."""
        word = "met" if self.is_met else "MISSED"
        return f"  {self.what:<44} {self.value:9.1f} {self.unit:<3} <= {self.limit:g}  {word}"


def count_stored(site: Site, notes: Notes) -> Stored:
    """Compare the database with what the readers were told."""
    study = open_study(site.study, site.database_url)
    lost = doubled = 0
    with reading(study.engine) as session:
        for told, rows in (
            (notes.grades, session.exec(select(Grade.request_id)).all()),
            (notes.strokes, session.exec(select(DraftPatch.patch_id)).all()),
        ):
            found = Counter(rows)
            lost += sum(one not in found for one in told)
            doubled += sum(found.values()) - len(set(told) & found.keys())
    study.engine.dispose()
    told = len(notes.grades) + len(notes.strokes)
    return Stored(acknowledged=told, lost=lost, doubled=doubled)


def print_times(notes: Notes) -> None:
    """Every kind of request: how many, and its milliseconds."""
    print(f"  {'request':<16} {'count':>7} {'p50':>8} {'p95':>8} {'p99':>8} {'max':>8}  ms")
    for kind, times in notes.times_ms.items():
        p50, p95, p99 = np.percentile(times, (50, 95, 99))
        print(f"  {kind:<16} {len(times):>7} {p50:8.0f} {p95:8.0f} {p99:8.0f} {max(times):8.0f}")


def list_targets(notes: Notes, stored: Stored, reader_mb: float) -> Sequence[Target]:
    """The reach of issue 16."""

    def p95(kind: str) -> float:
        times = notes.times_ms.get(kind)
        return float(np.percentile(times, 95)) if times else float("nan")

    return (
        Target(what="grade acknowledged, p95", value=p95("grade"), limit=GRADE_MS, unit="ms"),
        Target(what="slab served, p95", value=p95("slab"), limit=SLAB_MS, unit="ms"),
        Target(what="errors", value=len(notes.errors), limit=0),
        Target(what="acknowledged and lost", value=stored.lost, limit=0),
        Target(what="stored twice, or never acknowledged", value=stored.doubled, limit=0),
        Target(what="memory a reader", value=reader_mb, limit=READER_MB, unit="MB"),
    )
