"""Job folders: what passes between a supervisor and a job's process, as files.

job.json       the task, written by the worker
progress.json  where the process stands now, replaced in place
epochs.jsonl   one line per finished epoch
result.json    how it ended; a process that ends without it has crashed
process.json   pid and start time of the process
cancel         an empty file: stop at the next step
log.txt        everything the process printed
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.results import (
    FilesResult,
    ImportResult,
    JobOutcome,
    JobResult,
    PredictResult,
    TrainResult,
    TreeImportResult,
)
from han5k_review.retraining.jobs.tasks import Job
from han5k_review.store.files import write_atomically
from han5k_review.texts.paths import say_cause


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrittenResult:
    """`result.json` as it is; what `values` are depends on the job."""

    outcome: JobOutcome
    error: str = ""
    values: dict[str, Any] | None = None


_JOB: TypeAdapter[Job] = TypeAdapter(Job)
_RESULT = TypeAdapter(JobResult)
_WRITTEN = TypeAdapter(_WrittenResult)
_VALUES: Mapping[str, TypeAdapter[Any]] = {
    "train": TypeAdapter(TrainResult),
    "predict": TypeAdapter(PredictResult),
    "predict-files": TypeAdapter(FilesResult),
    "import": TypeAdapter(ImportResult),
    "import-tree": TypeAdapter(TreeImportResult),
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFolder:
    """The folder of one job and the files in it."""

    path: Path

    @property
    def log(self) -> Path:
        """Everything the process printed."""
        return self.path / "log.txt"

    @property
    def work(self) -> Path:
        """Where the process keeps preprocessed data and checkpoints."""
        return self.path / "work"

    @property
    def model(self) -> Path:
        """Where a training leaves its model."""
        return self.path / "model"

    @property
    def has_job(self) -> bool:
        """True once the worker put the task down."""
        return (self.path / "job.json").exists()

    @property
    def stop_asked_at(self) -> float | None:
        """When somebody asked the process to stop (seconds since the epoch), None if nobody did."""
        path = self.path / "cancel"
        return path.stat().st_mtime if path.exists() else None

    def write_job(self, job: Job) -> None:
        """Put the task down; a folder begins with it."""
        write_atomically(self.path / "job.json", _JOB.dump_json(job, indent=1))

    def read_job(self) -> Job:
        """The task; DataError when there is none."""
        return self._read("job.json", _JOB)

    def write_result(self, result: JobResult) -> None:
        """Say how it ended."""
        write_atomically(self.path / "result.json", _RESULT.dump_json(result, indent=1))

    def find_result(self) -> JobResult | None:
        """How it ended, or None when it has not (or has crashed); DataError for another file."""
        if not (self.path / "result.json").exists():
            return None
        found = self._read("result.json", _WRITTEN)
        values = None
        if found.values:
            try:
                values = _VALUES[self.read_job().task].validate_python(found.values)
            except ValidationError as error:
                raise DataError(
                    f"What the job produced was expected in {self.path / 'result.json'}, found: "
                    f"{error}."
                ) from error
        return JobResult(outcome=found.outcome, error=found.error, values=values)

    def write_progress(self, values: Mapping[str, Any]) -> None:
        """Say where the process stands."""
        write_atomically(self.path / "progress.json", json.dumps(values).encode())

    def find_progress(self) -> dict[str, Any]:
        """Where the process stands; empty before it has said anything."""
        path = self.path / "progress.json"
        if not path.exists():
            return {}
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def add_epoch(self, values: Mapping[str, Any]) -> None:
        """Append one finished epoch."""
        with (self.path / "epochs.jsonl").open("a") as file:
            file.write(json.dumps(values) + "\n")

    def list_epochs(self) -> list[dict[str, Any]]:
        """Finished epochs in order; an epoch repeated after a crash counts once, the last time."""
        path = self.path / "epochs.jsonl"
        if not path.exists():
            return []
        epochs: dict[int, dict[str, Any]] = {}
        for line in path.read_text().splitlines():
            try:
                epoch = json.loads(line)
            except ValueError:
                continue  # the line a kill cut short
            epochs[int(epoch["epoch"])] = epoch
        return [epochs[n] for n in sorted(epochs)]

    def ask_to_stop(self) -> None:
        """Leave the sign the process looks for at every step."""
        write_atomically(self.path / "cancel", b"")

    @property
    def stop_asked(self) -> bool:
        """True once somebody asked the process to stop."""
        return (self.path / "cancel").exists()

    def _read(self, name: str, adapter: TypeAdapter[_T]) -> _T:
        path = self.path / name
        try:
            return adapter.validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise DataError(
                f"A job file was expected at {path}, found: {say_cause(error)}."
            ) from error


def clear_outcome(folder: JobFolder) -> None:
    """Forget how an earlier process of the folder ended, and that it was asked to stop."""
    for name in ("result.json", "cancel", "progress.json"):
        (folder.path / name).unlink(missing_ok=True)


def tail_log(folder: JobFolder, lines: int = 40) -> list[str]:
    """The last `lines` lines of the log, reading at most its last 64 kB."""
    if not folder.log.exists():
        return []
    with folder.log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 65536))
        text = file.read().decode(errors="replace")
    return text.splitlines()[-lines:]
