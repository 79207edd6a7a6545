"""Jobs: what passes between the worker and the training process, all of it as files in a folder.

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
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import DataError
from han5k_review.retraining.settings import RunSettings
from han5k_review.store.files import write_atomically
from han5k_review.store.vocabulary import Uncertainty

DRAWN = "model"
"""The name under which a prediction job draws with its one model."""


class Outcome(StrEnum):
    """How a process ended, in its own words."""

    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    """A model on disk in nnU-Net's layout and the registered hashes of its files.

    `postprocessing_sha256` is None for a model that was registered without a rule.
    """

    folder: Path
    checkpoint_sha256: str
    postprocessing_sha256: str | None = None

    @property
    def checkpoint(self) -> Path:
        """The weights file."""
        return self.folder / "fold_0" / "checkpoint_final.pth"

    @property
    def postprocessing(self) -> Path:
        """The file that says which structures keep only their largest piece."""
        return self.folder / "postprocessing.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainCase:
    """A case that teaches: hashes of its CT and of its trusted masks by structure.

    The masks of `drawn_by_parent` were drawn by the job's parent and accepted as they are. Those
    of `shows_pieces` people accepted and no model of the study drew: they tell whether a structure
    is one piece.
    `ignored` is the hash of a mask whose voxels do not count where no trusted mask lies. Runs do
    not use it; it makes nnU-Net's own answer to partial labels, to compare ours with.
    """

    name: str
    image_sha256: str
    masks: dict[str, str]
    drawn_by_parent: tuple[str, ...] = ()
    shows_pieces: tuple[str, ...] = ()
    ignored: str | None = None
    weight: int = 1
    monitor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainJob:
    """Train one label group. `labels`: structure -> value from 1 on; `inside`: inner -> outer."""

    volumes: Path
    masks: Path
    labels: dict[str, int]
    inside: dict[str, str]
    cases: tuple[TrainCase, ...]
    settings: RunSettings
    device: str
    parent: ModelFolder | None = None
    task: Literal["train"] = "train"


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictCase:
    """A case to predict."""

    name: str
    image_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictJob:
    """Predict `cases` with each of `models` (by a name of the worker's choice).

    With `together` only the first of them draws; the others are members of its ensemble. `kept` is
    a file that outlives this job and holds what was drawn; without it one lies in the job's folder.
    """

    volumes: Path
    masks: Path
    models: dict[str, ModelFolder]
    cases: tuple[PredictCase, ...]
    settings: RunSettings
    device: str
    uncertainty: Uncertainty = Uncertainty.OFF
    together: bool = False
    kept: Path | None = None
    dask_address: str | None = None
    task: Literal["predict"] = "predict"


class FileForm(StrEnum):
    """How contours of a CT outside the study are written."""

    MASKS = "masks"
    LABEL_MAP = "label-map"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesJob:
    """Predict the CT files of a folder, outside the study, into the folder `out`.

    `files`: what is written of a CT begins with this name -> where the CT lies.
    """

    model: ModelFolder
    files: dict[str, Path]
    out: Path
    form: FileForm
    settings: RunSettings
    device: str
    task: Literal["predict-files"] = "predict-files"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """Bring fold `fold` of a foreign nnU-Net model in `source` into the house's form.

    `labels`: structure -> label value, for all values the model knows.
    """

    source: Path
    fold: str
    labels: dict[str, int]
    settings: RunSettings
    device: str = "cpu"
    task: Literal["import"] = "import"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """`values` holds what the task produced; `error` a sentence when it failed."""

    outcome: Outcome
    error: str = ""
    values: dict[str, Any]


Job = TrainJob | PredictJob | FilesJob | ImportJob
_JOB: TypeAdapter[Job] = TypeAdapter(Job)
_RESULT = TypeAdapter(JobResult)
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
        """How it ended, or None when it has not (or has crashed)."""
        if not (self.path / "result.json").exists():
            return None
        return self._read("result.json", _RESULT)

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
            raise DataError(f"A job file was expected at {path}, found: {error}.") from error


def clear_outcome(folder: JobFolder) -> None:
    """Forget how an earlier process of the folder ended, and that it was asked to stop."""
    for name in ("result.json", "cancel", "progress.json"):
        (folder.path / name).unlink(missing_ok=True)


def visible_device(job: Job) -> str:
    """The device as its process sees it: the launcher shows it one GPU, which is then the first."""
    return job.device.partition(":")[0]


def tail_log(folder: JobFolder, lines: int = 40) -> list[str]:
    """The last `lines` lines of the log, reading at most its last 64 kB."""
    if not folder.log.exists():
        return []
    with folder.log.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 65536))
        text = file.read().decode(errors="replace")
    return text.splitlines()[-lines:]
