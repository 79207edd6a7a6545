"""What the prompt server of tests remembers: leases, what it was asked, which fault is due."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rigs.prompt_answers import Fault
from rigs.prompt_model import Growth, Part


@dataclass(slots=True, kw_only=True)
class Lease:
    """One client's session."""

    hu: NDArray[np.int16] | None = None
    mask: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0, 0), np.bool_))
    dtype: np.dtype[Any] = field(default_factory=lambda: np.dtype(np.uint8))
    before: list[Part] = field(default_factory=list)
    seconds: float = 0.0
    prompts: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Rig:
    """Leases and faults of one process."""

    def __init__(self, key: str, sessions: int, idle_seconds: float, growth: Growth) -> None:
        self.key, self.sessions, self.idle_seconds, self.growth = (
            key,
            sessions,
            idle_seconds,
            growth,
        )
        self.leases: dict[str, Lease] = {}
        self.asked: Counter[str] = Counter()
        self.own_seconds: dict[str, float] = {}
        self.fault = Fault()
        self.went_well = self.went_wrong = 0
        self.meeting = threading.Barrier(2)
        self.lock = threading.Lock()

    def find_fault(self, path: str) -> Fault | None:
        """The fault that this request meets."""
        with self.lock:
            fault = self.fault
            if not fault.kind or not path.startswith(fault.path):
                return None
            if self.went_well < fault.after or self.went_wrong >= fault.times:
                self.went_well += 1
                return None
            self.went_wrong += 1
            return fault

    def set_fault(self, fault: Fault) -> None:
        """From now on; who waits for another waits no more."""
        with self.lock:
            self.meeting.abort()
            self.meeting = threading.Barrier(2)
            self.fault, self.went_well, self.went_wrong = fault, 0, 0

    def describe(self) -> dict[str, Any]:
        """What it was asked, by path, prompts of each lease that is there, own time by point."""
        with self.lock:
            prompts = [list(lease.prompts) for lease in self.leases.values()]
            return {
                "asked": dict(self.asked),
                "prompts": prompts,
                "own_seconds": dict(self.own_seconds),
                "fault": asdict(self.fault),
            }
