"""Workers that are ready before the clock runs, what they use, and what the machine allows."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from distributed import LocalCluster

from han5k_review.evaluation import (
    EvaluationPlan,
    Workforce,
    open_workforce,
)
from han5k_review.evaluation.pair import BatchWork, PairBatch, measure_batches
from han5k_review.metrics import measure
from han5k_review.store.study import Study
from han5k_review.workforce import open_executor

Answer = TypeVar("Answer")


@contextmanager
def open_kind(kind: str, workers: int) -> Iterator[Workforce]:
    if kind == "threads":
        with ThreadPoolExecutor(workers) as threads:
            yield Workforce(executor=threads, workers=workers)
    elif kind == "processes":
        if workers > 1:
            with open_executor(workers) as executor:
                yield Workforce(executor=executor, workers=workers)
            return
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=spawn) as one:
            yield Workforce(executor=one, workers=1)
    else:
        with (
            warnings.catch_warnings(action="ignore"),
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address="127.0.0.1:0",
                host="127.0.0.1",
                silence_logs=logging.CRITICAL,
            ) as cluster,
            open_workforce(workers, cluster.scheduler_address) as workforce,
        ):
            yield workforce


def warm_up(seconds: float) -> int:
    """In a worker: compile or load the compiled code, and stay busy so that the next one starts."""
    until = time.monotonic() + seconds
    block = np.zeros((12, 12, 12), dtype=bool)
    block[3:8, 3:9, 2:9] = True
    measure(block, np.roll(block, 1, axis=0), (1.0, 1.0, 2.0))
    while time.monotonic() < until:
        time.sleep(0.01)
    return os.getpid()


@dataclass(frozen=True)
class Use:
    """What a process has used so far."""

    pid: int
    peak_gb: float
    cpu_s: float


def read_use(seconds: float) -> Use:
    """In a worker: its own use, after waiting so that the next worker answers too."""
    time.sleep(seconds)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Use(os.getpid(), used.ru_maxrss / 1024**2, used.ru_utime + used.ru_stime)


def sum_cpu(uses: list[Use]) -> float:
    """CPU seconds of all workers and of this process, each process once."""
    return sum({use.pid: use.cpu_s for use in [*uses, read_use(0)]}.values())


def ask_each(executor: Executor, workers: int, function: Callable[[float], Answer]) -> list[Answer]:
    futures = [executor.submit(function, 0.3) for _ in range(workers)]
    return [future.result() for future in futures]


def drop_from_page_cache(study: Study) -> None:
    for path in study.labels.folder.rglob("*.nii.gz"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def measure_alone(works: tuple[BatchWork, ...]) -> float:
    """In a worker: seconds to read and measure, with nothing sent back and nothing stored."""
    began = time.perf_counter()
    measure_batches(works)
    return time.perf_counter() - began


def measure_ceiling(study: Study, plan: EvaluationPlan, rounds: int) -> float:
    """Efficiency of two processes that know nothing of each other: the most that a run can have."""
    works = [
        PairBatch(
            case=case.case,
            grid=case.grid,
            labels=study.labels,
            definition=plan.definition,
            pairs=case.pairs,
        ).work
        for case in plan.cases
    ]
    halves = (tuple(works[0::2]), tuple(works[1::2]))
    spawn = multiprocessing.get_context("spawn")
    alone_s, together_s = float("inf"), float("inf")
    with (
        ProcessPoolExecutor(1, mp_context=spawn) as one,
        ProcessPoolExecutor(1, mp_context=spawn) as other,
    ):
        for executor in (one, other):
            executor.submit(warm_up, 0).result()
        for _ in range(rounds):
            drop_from_page_cache(study)
            alone = [one.submit(measure_alone, half).result() for half in halves]
            drop_from_page_cache(study)
            both = [e.submit(measure_alone, h) for e, h in zip((one, other), halves, strict=True)]
            alone_s = min(alone_s, sum(alone))
            together_s = min(together_s, max(future.result() for future in both))
    return alone_s / (2 * together_s)
