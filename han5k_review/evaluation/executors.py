"""Who measures: local processes. Anything else that is a `concurrent.futures.Executor` fits too."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection


@contextmanager
def open_executor(processes: int) -> Iterator[Executor | None]:
    """An executor of this many local processes; None (measure right here) for one.

    Workers are spawned, so that they inherit neither threads nor database connections, and end
    when the process that started them is gone. Pages must not use this: a spawned process would
    run the page's script again; they pass None or a thread pool to `run_evaluation`.
    """
    if processes <= 1:
        yield None
        return
    executor = ProcessPoolExecutor(
        max_workers=processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_follow_parent,
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _follow_parent() -> None:
    """In a worker: end as soon as the parent ends, however it ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
