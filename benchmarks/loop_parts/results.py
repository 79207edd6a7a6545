"""What a training and a measurement leave in the results folder, and how it is read again."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome, TrainResult
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.store.files import write_atomically

PARENT = "parent"
_COLUMNS = ("model", "alpha", "patient", "structure", "dice", "hd95_mm")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A training that ended: its model, and what it took."""

    name: str
    model: ModelFolder
    seconds: float
    prepare_seconds: float
    disk_bytes: int


@dataclass(frozen=True, kw_only=True)
class Row:
    """One structure of one patient by one model; `alpha` is the trained share of its weights."""

    model: str
    alpha: float
    patient: str
    structure: str
    dice: float
    hd95_mm: float


def read_kept(folder: Path) -> Kept | None:
    """The training of a folder; None while it has not ended."""
    job = JobFolder(path=folder)
    result = job.find_result()
    if result is None or result.outcome is not JobOutcome.DONE or not _disk(folder).exists():
        return None
    found = result.get(TrainResult)
    rule = found.postprocessing
    return Kept(
        name=folder.name,
        model=ModelFolder(
            folder=job.model,
            checkpoint_sha256=found.checkpoint_sha256,
            postprocessing_sha256=None if rule is None else rule.sha256,
        ),
        seconds=found.seconds or 0.0,
        prepare_seconds=found.prepare_seconds or 0.0,
        disk_bytes=int(_disk(folder).read_text()),
    )


def write_rows(path: Path, rows: list[Row]) -> None:
    """Put the rows of one patient down, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for row in rows:
        writer.writerow([getattr(row, column) for column in _COLUMNS])
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text.getvalue().encode())


def read_rows(folder: Path) -> list[Row]:
    """All rows of a folder, patient by patient."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            found += [
                Row(
                    model=line["model"],
                    alpha=float(line["alpha"]),
                    patient=line["patient"],
                    structure=line["structure"],
                    dice=float(line["dice"]),
                    hd95_mm=float(line["hd95_mm"]),
                )
                for line in csv.DictReader(file)
            ]
    return found


def _disk(folder: Path) -> Path:
    return folder / "disk.txt"
