"""Where a check runs, and where its rows go: one JSON line each, on disk before the next begins."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What `run.sh` says by its environment: folders, the device, and whether all is tiny."""

    out: Path
    work: Path
    parcel: Path
    device: str
    quick: bool

    @property
    def on_gpu(self) -> bool:
        return self.device.startswith("cuda")


def read_place() -> Place:
    return Place(
        out=Path(os.environ["GPU_OUT"]),
        work=Path(os.environ["GPU_WORK"]),
        parcel=Path(os.environ["GPU_PARCEL"]),
        device=os.environ["GPU_DEVICE"],
        quick=os.environ.get("GPU_QUICK") == "1",
    )


def write_row(
    check: str, expected: str, seen: str, met: bool | None = None, **numbers: Any
) -> None:
    """One row of the table; `met` is None for a number that is only told."""
    row = {
        "check": check,
        "expected": expected,
        "seen": seen,
        "met": met,
        "at_s": round(time.time() - float(os.environ.get("GPU_STARTED", time.time())), 1),
        **numbers,
    }
    print(json.dumps(row), flush=True)
    with (read_place().out / "results.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


def note(text: str) -> None:
    """A line for the log, with the second of the whole run."""
    started = float(os.environ.get("GPU_STARTED", time.time()))
    print(f"[{time.time() - started:6.1f} s] {text}", file=sys.stderr, flush=True)


def wait_for_gpu() -> None:
    """Until everything that was asked of the GPU is done."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def peak_gb() -> float:
    """The most this process held on the GPU: its allocator's peak, and what CUDA takes beside."""
    if not torch.cuda.is_available():
        return 0.0
    free, total = torch.cuda.mem_get_info()
    beside = max(0, total - free - torch.cuda.memory_reserved())
    return (torch.cuda.max_memory_reserved() + beside) / 1e9
