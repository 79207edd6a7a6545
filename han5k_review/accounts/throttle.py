"""Throttle: after too many wrong passwords an account name has to wait."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from han5k_review.errors import AccessError
from han5k_review.texts.names import fold_name


@dataclass(slots=True, kw_only=True)
class Throttle:
    """Counts failures by name, in this process only; safe to use from several threads.

    A name with `limit` failures within `window` is refused until the oldest of them is older than
    `window`. At most `capacity` names are remembered; the longest untouched is forgotten first.
    """

    limit: int = 5
    window: timedelta = timedelta(minutes=5)
    capacity: int = 10_000
    _failures: OrderedDict[str, list[datetime]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, name: str, now: datetime) -> None:
        """Count an attempt before its password is looked at; AccessError when it has to wait.

        Counting first means that attempts sent at the same time cannot pass together.
        """
        key = fold_name(name)
        with self._lock:
            recent = [at for at in self._failures.get(key, []) if now - at < self.window]
            if len(recent) >= self.limit:
                wait = self.window - (now - recent[0])
                minutes = max(1, round(wait.total_seconds() / 60))
                raise AccessError(
                    f"Too many wrong passwords for this name; wait {minutes} min and try again."
                )
            self._failures[key] = [*recent, now]
            self._failures.move_to_end(key)
            while len(self._failures) > self.capacity:
                self._failures.popitem(last=False)

    def forgive(self, name: str) -> None:
        """Forget the failures of a name: its right password was given."""
        with self._lock:
            self._failures.pop(fold_name(name), None)
