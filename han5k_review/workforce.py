"""Who works in parallel: local processes or a Dask cluster, as `concurrent.futures.Executor`."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection

from han5k_review.errors import ConfigError, StorageError

# What an executor of the standard library raises when a worker of it died.
BROKEN: tuple[type[Exception], ...] = (BrokenExecutor,)
_MOST_CASES_PER_TASK = 20
_TASKS_PER_WORKER = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Workforce:
    """An executor (None: this process), how many workers it has, and its words for a dead one."""

    executor: Executor | None
    workers: int
    broken: tuple[type[Exception], ...] = BROKEN

    def cases_per_task(self, cases: int) -> int:
        """How many of `cases` one task should hold: about 20, fewer when workers would idle.

        A task costs Dask about 2 ms and every executor one message each way.
        """
        fair = cases // (self.workers * _TASKS_PER_WORKER)
        return max(1, min(_MOST_CASES_PER_TASK, fair))


@contextmanager
def open_workforce(
    processes: int, dask_address: str | None = None, *, patience_s: float = 15.0
) -> Iterator[Workforce]:
    """The Dask cluster at `dask_address` (`tcp://host:port`), else this many local processes.

    ConfigError when Dask is not installed, StorageError when no scheduler or worker answers within
    `patience_s`.
    """
    if dask_address is None:
        with open_executor(processes) as executor:
            yield Workforce(executor=executor, workers=processes)
        return
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"Dask was expected for {dask_address}, it is not installed; install the extra "
            "`dask` or leave the address away to measure with local processes."
        ) from error
    try:
        client = distributed.Client(dask_address, timeout=patience_s)
        client.wait_for_workers(1, timeout=patience_s)
    except (OSError, ValueError) as error:  # a timeout is an OSError
        raise StorageError(
            f"A Dask scheduler with a worker was expected at {dask_address}, found: {error}; "
            "start both, or leave the address away to measure with local processes."
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        yield Workforce(
            executor=client.get_executor(pure=False),
            workers=max(1, threads),
            broken=(*BROKEN, distributed.scheduler.KilledWorker),
        )


@contextmanager
def open_executor(processes: int) -> Iterator[Executor | None]:
    """An executor of this many local processes; None (measure right here) for one.

    Workers are spawned, so that they inherit neither threads nor database connections, and end
    when the process that started them is gone. Pages must not use this: a spawned process would
    run the page's script again; `start_evaluation` measures in threads.
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
    """In a worker: leave Ctrl-C to the parent, and end as soon as it ends, however it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch(sentinel: int) -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, args=(parent.sentinel,), daemon=True).start()
