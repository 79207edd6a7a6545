"""Processor time of the worker threads of browsers that this process started (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")


def measure_workers_ms() -> float:
    """Processor time so far of all dedicated workers that live, in ms."""
    return sum(_read_ms(task) for process in _list_own() for task in (process / "task").iterdir())


def _read_ms(task: Path) -> float:
    try:
        if not (task / "comm").read_text().startswith("DedicatedWorker"):
            return 0.0
        return int((task / "schedstat").read_text().split()[0]) / 1e6
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def _list_own() -> list[Path]:
    """The processes below this one."""
    parents: dict[int, int] = {}
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            try:
                state = (folder / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(folder.name)] = int(state.rpartition(")")[2].split()[1])
    own = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in own} - own:
        own |= more
    return [_PROC / str(one) for one in own if (_PROC / str(one)).exists()]
