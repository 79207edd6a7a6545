"""The readers in a process of their own, and what it costs: their CPU, and how late they come."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load_parts.reader import Notes, Pace, Reader
from benchmarks.load_parts.wire import Browser

_TICK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits:
    """What one process of clients is to do; times in seconds."""

    url: str
    certificate: Path | None
    numbers: Sequence[int]
    arrival_s: float
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """What its readers noted; `late_ms` is how long its event loop let a due act wait."""

    notes: Notes
    cpu_s: float
    late_ms: list[float]


def visit(visits: Visits) -> Visited:
    """Run the readers of this process to their end."""
    before = os.times()
    notes, late_ms = asyncio.run(_visit(visits))
    after = os.times()
    return Visited(notes=notes, cpu_s=sum(after[:2]) - sum(before[:2]), late_ms=late_ms)


async def _visit(visits: Visits) -> tuple[Notes, list[float]]:
    trust = None
    if visits.certificate is not None:
        trust = ssl.create_default_context(cafile=visits.certificate)
    began = time.monotonic()
    everybody = max(visits.numbers)
    readers = [
        Reader(
            Browser(url=visits.url, address=f"127.0.{1 + n // 250}.{1 + n % 250}", trust=trust),
            n,
            Pace(
                comes_s=visits.arrival_s * (n - 1) / everybody,
                ends_s=visits.seconds,
                began=began,
            ),
        )
        for n in visits.numbers
    ]
    late_ms: list[float] = []
    watching = asyncio.create_task(_watch(late_ms))
    found = await asyncio.gather(*(reader.read() for reader in readers))
    watching.cancel()
    notes = Notes()
    for one in found:
        notes.add(one)
    return notes, late_ms


async def _watch(late_ms: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(_TICK_S)
        late_ms.append(1000 * (time.perf_counter() - began - _TICK_S))
