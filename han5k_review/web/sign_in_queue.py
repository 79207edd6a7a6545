"""The line before the sign-in desk: short, and apart from the threads that serve readers.

Each password costs 64 MiB and a tenth of a second by intention. A burst of strangers must neither
take the memory of readers nor their threads, so few are looked at together, few may wait, and the
rest is told so at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from han5k_review.errors import AccessError

_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class SignInQueue:
    """`together` at once, at most `most` of them at the desk or in line, `per_address` of one."""

    together: int
    most: int
    per_address: int
    _limiter: CapacityLimiter | None = None
    _here: Counter[str] = field(default_factory=Counter)

    async def serve(self, address: str, act: Callable[[], _T]) -> _T:
        """Run `act` in a thread of this line; AccessError at once when the line is full."""
        if self._here[address] >= self.per_address or self._here.total() >= self.most:
            raise AccessError("Many people are signing in just now; wait 5 s, then try again.")
        if self._limiter is None:
            self._limiter = CapacityLimiter(self.together)
        self._here[address] += 1
        try:
            return await to_thread.run_sync(act, limiter=self._limiter)
        finally:
            self._here[address] -= 1
            if not self._here[address]:
                del self._here[address]
