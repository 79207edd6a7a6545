"""Ending without losing a save: after SIGTERM answers go on for a moment, then the server ends.

The server itself ends requests that it has begun. But a browser that keeps a connection open can
send on it in the very moment in which the server closes it, and never learns what became of that.
So for half a second answers say that the connection closes, and `/readyz` that others should take
over; then nothing is left to cut.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_GRACE_SECONDS = 0.5
_QUIET_SECONDS = 5.0


class Drain:
    """Whether this process is about to end."""

    def __init__(self) -> None:
        self.is_draining = False
        self._working = 0
        self._last = 0.0

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around each request."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            self._last = time.monotonic()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT before the server does, which set its own handlers earlier.

        For the server's loop in the main thread; elsewhere nothing changes.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop = asyncio.get_running_loop()
        own = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

        def end(number: int, frame: FrameType | None) -> None:
            handler = own[signal.Signals(number)]
            is_quiet = not self._working and time.monotonic() - self._last > _QUIET_SECONDS
            if callable(handler):
                delay = 0.0 if self.is_draining or is_quiet else _GRACE_SECONDS
                loop.call_soon_threadsafe(loop.call_later, delay, handler, number, None)
            self.is_draining = True

        for number in own:
            signal.signal(number, end)
        try:
            yield
        finally:
            for number, handler in own.items():
                if signal.getsignal(number) is end:
                    signal.signal(number, handler)
