"""How often one account, or one address that nobody is signed in from, may ask.

Far above what a person with the viewer does; a script gone wild gets one sentence instead of the
server. Counted in this process only.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

_KEPT = 10_000


@dataclass(slots=True, kw_only=True)
class Rates:
    """A bucket for each key: `burst` requests at once, filled again with `per_second`."""

    burst: int
    per_second: float
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: str) -> bool:
        """Count one request of this key; False when it has to wait."""
        now = self.clock()
        left, since = self._buckets.pop(key, (float(self.burst), now))
        left = min(float(self.burst), left + (now - since) * self.per_second)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        while len(self._buckets) > _KEPT:
            self._buckets.popitem(last=False)
        return allowed
