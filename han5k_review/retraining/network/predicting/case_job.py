"""The prediction task: every case with every model of the job, masks stored by hash."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome, JobResult, PredictResult
from han5k_review.retraining.jobs.tasks import ModelFolder, PredictCase, PredictJob, visible_device
from han5k_review.retraining.network.predicting.volume_prediction import (
    Predicted,
    PredictionTask,
    predict_and_store,
)
from han5k_review.store.files import write_atomically
from han5k_review.store.label_files import LabelFiles
from han5k_review.workforce import open_workforce

_TASKS_PER_WORKER = 2
_KEPT = TypeAdapter(PredictResult)
_T = TypeVar("_T")


@dataclass(slots=True, kw_only=True)
class Kept:
    """What was predicted so far, in a file: masks, entropies and doubts of each model and case."""

    path: Path
    predicted: PredictResult

    @classmethod
    def read(cls, path: Path) -> Kept:
        """What an earlier process predicted, empty when none did; DataError for another file."""
        try:
            found = _KEPT.validate_json(path.read_bytes()) if path.exists() else None
        except (OSError, ValidationError) as error:
            raise DataError(
                f"What was predicted so far was expected in {path}, found: {error}; delete the "
                "file to predict every case again."
            ) from error
        return cls(path=path, predicted=found or PredictResult(masks={}))

    def add(self, model: str, case: str, predicted: Predicted) -> None:
        """Keep one case, on disk before anything else happens."""
        self.predicted.masks.setdefault(model, {})[case] = predicted.masks
        if predicted.doubts:
            self.predicted.doubts.setdefault(model, {})[case] = predicted.doubts
        self.predicted.entropies.setdefault(model, {})[case] = predicted.entropies
        write_atomically(self.path, _KEPT.dump_json(self.predicted, indent=1))


def predict(folder: JobFolder, job: PredictJob) -> JobResult:
    """Run the task; cases that were finished before a crash are not predicted again.

    The result's `masks` are model -> case -> structure -> mask hash; its `seconds` were spent on
    predicting in this process.
    """
    kept = Kept.read(job.kept or folder.path / "predicted.json")
    todo = [
        (name, models, case)
        for name, models in _arms(job)
        for case in job.cases
        if not _is_predicted(kept, name, case, job)
    ]
    of = len(_arms(job)) * len(job.cases)
    started, first = time.monotonic(), of - len(todo)
    folder.write_progress({"phase": "predicting", "done": first, "of": of})
    tasks = [(name, _task(job, models, case)) for name, models, case in todo]
    for number, (name, case, predicted) in enumerate(_predict(folder, job, tasks), start=1):
        kept.add(name, case, predicted)
        each = (time.monotonic() - started) / number
        folder.write_progress(
            {
                "phase": "predicting",
                "done": first + number,
                "of": of,
                "case": case,
                "eta_seconds": round(each * (len(tasks) - number), 1),
            }
        )
    if any(not _is_predicted(kept, name, c, job) for name, _ in _arms(job) for c in job.cases):
        return JobResult(outcome=JobOutcome.CANCELLED)
    seconds = round(time.monotonic() - started, 1)
    values = PredictResult(
        masks=_of_job(kept.predicted.masks, job),
        doubts=_of_job(kept.predicted.doubts, job),
        entropies=_of_job(kept.predicted.entropies, job),
        seconds=seconds,
    )
    return JobResult(outcome=JobOutcome.DONE, values=values)


def _of_job(found: dict[str, dict[str, _T]], job: PredictJob) -> dict[str, dict[str, _T]]:
    """Only the cases that were asked for: a kept file may hold more."""
    wanted = {c.name for c in job.cases}
    return {
        name: {case: values for case, values in cases.items() if case in wanted}
        for name, cases in found.items()
    }


def _arms(job: PredictJob) -> list[tuple[str, tuple[ModelFolder, ...]]]:
    """(name, models that predict together)."""
    if job.together:
        return [(next(iter(job.models)), tuple(job.models.values()))]
    return [(name, (model,)) for name, model in job.models.items()]


def _is_predicted(kept: Kept, name: str, case: PredictCase, job: PredictJob) -> bool:
    """Predicted before, with masks that are still on disk."""
    found = kept.predicted.masks.get(name, {}).get(case.name)
    labels = LabelFiles(folder=job.masks)
    return found is not None and all(labels.path(sha256).exists() for sha256 in found.values())


def _task(job: PredictJob, models: tuple[ModelFolder, ...], case: PredictCase) -> PredictionTask:
    return PredictionTask(
        models=models,
        case=case,
        volumes=job.volumes,
        masks=job.masks,
        uncertainty=job.uncertainty,
        device=visible_device(job),
        tile_step=job.settings.tile_step,
        threads=job.settings.threads,
    )


def _predict(
    folder: JobFolder, job: PredictJob, tasks: list[tuple[str, PredictionTask]]
) -> Iterator[tuple[str, str, Predicted]]:
    """(model, case, predicted) as they come, until all are predicted or somebody asks to stop."""
    with open_workforce(1, job.dask_address) as force:
        if force.executor is None:
            for name, task in tasks:
                if folder.stop_asked:
                    return
                yield name, task.case.name, predict_and_store(task)
            return
        try:
            yield from _fan_out(folder, force.executor, force.workers, tasks)
        except force.broken as error:
            raise DataError(
                f"A Dask worker died while it predicted ({error}); give the workers more memory "
                "and ask again: the cases predicted so far are kept."
            ) from error


def _fan_out(
    folder: JobFolder, executor: Executor, workers: int, tasks: list[tuple[str, PredictionTask]]
) -> Iterator[tuple[str, str, Predicted]]:
    """At most two cases per worker are in flight, so that a stop is a stop."""
    waiting = list(reversed(tasks))
    flying: dict[Future[Predicted], tuple[str, str]] = {}
    while waiting or flying:
        if folder.stop_asked:
            for future in flying:
                future.cancel()
            return
        while waiting and len(flying) < workers * _TASKS_PER_WORKER:
            name, task = waiting.pop()
            flying[executor.submit(predict_and_store, task)] = (name, task.case.name)
        done, _ = wait(flying, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            name, case = flying.pop(future)
            yield name, case, future.result()
