"""Who may send a file to a page: only who has a page open that asks for one, and not without end.

The framework of the pages takes files of anybody who is signed in, into memory. So a page that asks
for a file permits it for its own session, and the guard of all requests looks here first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from han5k_review.errors import AccessError
from han5k_review.store.columns import utc_now

_KEPT = 5_000
_BYTES_AN_HOUR = 512 * 1024 * 1024
_HOUR = timedelta(hours=1)


@dataclass(slots=True, kw_only=True)
class UploadPermits:
    """Page sessions that ask for a file, whose they are, and what each account sent of late."""

    clock: Callable[[], datetime] = utc_now
    _readers: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _sent: dict[int, list[tuple[datetime, int]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def permit(self, page_session: str, reader_id: int) -> None:
        """A page of this person asks for a file."""
        with self._lock:
            self._readers.pop(page_session, None)
            self._readers[page_session] = reader_id
            while len(self._readers) > _KEPT:
                self._readers.popitem(last=False)

    def check(self, page_session: str, reader_id: int, size: int) -> None:
        """Count a file of `size` bytes; AccessError when no page asked, or for too much an hour."""
        with self._lock:
            if self._readers.get(page_session) != reader_id:
                raise AccessError("A page that asks for a file was expected; open one, try again.")
            now = self.clock()
            sent = [one for one in self._sent.get(reader_id, []) if now - one[0] < _HOUR]
            if sum(one for _, one in sent) + size > _BYTES_AN_HOUR:
                raise AccessError("At most 512 MB of files an hour were expected; wait, try again.")
            self._sent[reader_id] = [*sent, (now, size)]


PERMITS = UploadPermits()
"""Those of this process: pages and guard share it."""
