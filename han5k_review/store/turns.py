"""Turns: writers of one SQLite file stand in line within this process, first come first served.

SQLite has one writer. Its own waiting is to sleep and look again, longer each time and in no order,
so that under load a writer is overtaken for seconds. Here the next one is woken, and no other.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from han5k_review.errors import StorageError

BUSY_SECONDS = 15.0
"""How long a writer waits, here and for those of other processes."""


@dataclass(slots=True, kw_only=True)
class Turns:
    """The line before one file."""

    is_taken: bool = False
    _waiting: deque[threading.Lock] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def waiting(self) -> int:
        """How many stand in line."""
        return len(self._waiting)

    @contextmanager
    def take(self, seconds: float = BUSY_SECONDS) -> Iterator[None]:
        """One's turn, until the block ends; StorageError when it does not come in time."""
        if not self._wait(seconds):
            raise StorageError(
                "The study's database was expected to take a change within "
                f"{seconds:g} s; another change takes longer. Try again in a minute."
            )
        try:
            yield
        finally:
            self._pass_on()

    def _wait(self, seconds: float) -> bool:
        with self._lock:
            if not self.is_taken:
                self.is_taken = True
                return True
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        if mine.acquire(timeout=seconds):
            return True
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
                return False
            return True  # it came in the last moment

    def _pass_on(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self.is_taken = False


@cache
def turns_of(file: Path) -> Turns:
    """The line of a file, the same for every engine of this process that opens it."""
    return Turns()
