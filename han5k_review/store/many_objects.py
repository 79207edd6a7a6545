"""Making millions of small objects without Python's garbage collector looking through them.

with many_objects():
    rows = read_everything(session)
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Pauses:
    """How many blocks of this process are at work, and whether the collector ran before them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    blocks: int = 0
    ran_before: bool = True


_PAUSES = _Pauses()


@contextmanager
def many_objects(*, kept: bool = False) -> Iterator[None]:
    """Pause the collector of this process, which would look through all objects again and again.

    It goes on when the last of several blocks ends, with or without an error. What a block dropped
    is freed at once as ever; only rings of objects wait for the end. With `kept`, what was made
    stays for long: it is never looked through, and still freed when its last user drops it.
    """
    with _PAUSES.lock:
        if _PAUSES.blocks == 0:
            gc.collect()
            _PAUSES.ran_before = gc.isenabled()
            gc.disable()
        _PAUSES.blocks += 1
    try:
        yield
        if kept:
            gc.freeze()
    finally:
        with _PAUSES.lock:
            _PAUSES.blocks -= 1
            if _PAUSES.blocks == 0 and _PAUSES.ran_before:
                gc.enable()
