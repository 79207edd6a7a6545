"""A real Dask cluster of local processes measures what one process measures."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from han5k_review.errors import StorageError
from han5k_review.evaluation import Workforce, open_workforce, run_evaluation
from han5k_review.store.study import Study
from tests.evaluation.phantom_study import build_study
from tests.evaluation.test_run import numbers, plan_of

NOBODY = "tcp://127.0.0.1:9"


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(
            n_workers=1,
            threads_per_worker=2,
            processes=True,
            dashboard_address="127.0.0.1:0",
            host="127.0.0.1",
            silence_logs=logging.CRITICAL,
        ) as made,
    ):
        yield made


def test_a_cluster_gives_the_same_table(
    study: Study, tmp_path: Path, cluster: LocalCluster
) -> None:
    alone = build_study(tmp_path / "alone")
    run_evaluation(alone, plan_of(alone))
    with open_workforce(1, cluster.scheduler_address) as workforce:
        assert isinstance(workforce.executor, Executor)
        assert workforce.workers == 2
        report = run_evaluation(
            study,
            plan_of(study),
            executor=workforce.executor,
            cases_per_task=2,
            broken=workforce.broken,
        )
    assert (report.measured, report.failed) == (12, ())
    assert numbers(study) == numbers(alone)
    alone.engine.dispose()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_dead_worker_is_known_by_its_error(cluster: LocalCluster) -> None:
    with open_workforce(1, cluster.scheduler_address) as workforce:
        assert workforce.executor is not None
        with pytest.raises(workforce.broken, match="die"):
            workforce.executor.submit(die).result(60)


def test_no_scheduler_is_one_sentence() -> None:
    expected = "A Dask scheduler with a worker was expected at tcp"
    with pytest.raises(StorageError, match=expected), open_workforce(1, NOBODY, patience_s=0.5):
        pass
    with pytest.raises(StorageError, match="nonsense"), open_workforce(1, "nonsense://x"):
        pass


@pytest.mark.parametrize(
    ("cases", "workers", "size"),
    [(6, 2, 1), (100, 2, 6), (3346, 2, 20), (3346, 100, 4), (0, 2, 1)],
)
def test_tasks_hold_about_twenty_cases_and_leave_no_worker_idle(
    cases: int, workers: int, size: int
) -> None:
    assert Workforce(executor=None, workers=workers).cases_per_task(cases) == size
