"""While the app serves, the newest hash of the audit trail goes to a file that others keep."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from han5k_review.errors import Han5kError
from han5k_review.store.audit import find_audit_head
from han5k_review.store.audit_heads import append_head
from han5k_review.store.engine import reading

_SECONDS_BETWEEN = 60


@contextmanager
def keeping_heads(engine: Engine, path: Path | None) -> Iterator[None]:
    """Add the head to `path` at the start, each minute in which it changed, and at the end.

    A thread of its own: a folder of another machine may be slow. What goes wrong is told on the
    error stream, and tried again. `path` None: nothing is kept.
    """
    if path is None:
        yield
        return
    ending = threading.Event()
    thread = threading.Thread(
        target=_keep_on, args=(engine, path, ending), name="keep heads of the audit", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ending.set()
        thread.join(timeout=_SECONDS_BETWEEN)


def _keep_on(engine: Engine, path: Path, ending: threading.Event) -> None:
    is_last = False
    while not is_last:
        _keep(engine, path)
        is_last = ending.wait(_SECONDS_BETWEEN)
    _keep(engine, path)


def _keep(engine: Engine, path: Path) -> None:
    try:
        with reading(engine) as session:
            head = find_audit_head(session)
        if head is not None:
            append_head(path, head)
    except Han5kError as error:
        sys.stderr.write(f"{error}\n")
