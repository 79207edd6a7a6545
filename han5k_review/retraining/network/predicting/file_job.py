"""CT files outside the study, predicted by one model: the contours of each lie side by side."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import DataError, Han5kError
from han5k_review.imaging.ct_files import read_ct_with_notices
from han5k_review.imaging.mask import StructureMask
from han5k_review.imaging.nifti_labels import build_label_nifti
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import FilesResult, JobOutcome, JobResult
from han5k_review.retraining.jobs.tasks import FileForm, FilesJob, visible_device
from han5k_review.retraining.network.predicting.open_models import OpenModel, open_model
from han5k_review.retraining.network.predicting.volume_prediction import predict_case
from han5k_review.store.files import write_atomically

RECORD = "predict-files.json"
LABEL_TABLE = "labels.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """What was written of one CT (`files`, below the output folder), and from what."""

    ct_sha256: str
    model_sha256: str
    form: FileForm
    files: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Told:
    """What is told of the files at the end: how many, and a sentence where there is one."""

    predicted: int = 0
    kept: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    notices: dict[str, str] = field(default_factory=dict)

    def end(self, outcome: JobOutcome) -> JobResult:
        """The job's result."""
        values = FilesResult(
            predicted=self.predicted, kept=self.kept, failed=self.failed, notices=self.notices
        )
        return JobResult(outcome=outcome, values=values)


_RECORDS: TypeAdapter[dict[str, FileRecord]] = TypeAdapter(dict[str, FileRecord])


def predict_each_file(folder: JobFolder, job: FilesJob) -> JobResult:
    """Predict the files that were not predicted yet; one that cannot be read stops no other.

    The result's values are `predicted`, `kept` (nothing changed since an earlier call), `failed`
    (file -> sentence) and `notices` (file -> what a person should look at).
    """
    model = open_model(job.model, visible_device(job), job.settings.tile_step)
    records = _read_records(job.out / RECORD)
    told, started = _Told(), time.monotonic()
    if job.form is FileForm.LABEL_MAP:
        write_atomically(job.out / LABEL_TABLE, _build_label_table(model).encode())
    for number, (name, path) in enumerate(job.files.items()):
        left = (time.monotonic() - started) / number * (len(job.files) - number) if number else None
        folder.write_progress(
            {
                "phase": "predicting",
                "done": number,
                "of": len(job.files),
                "case": name,
                "eta_seconds": left and round(left, 1),
            }
        )
        if folder.stop_asked:
            return told.end(JobOutcome.CANCELLED)
        try:
            _predict_file(model, job, name, path, records, told)
        except Han5kError as error:
            told.failed[str(path)] = str(error)
    folder.write_progress({"phase": "predicting", "done": len(job.files), "of": len(job.files)})
    return told.end(JobOutcome.DONE)


def _predict_file(
    model: OpenModel,
    job: FilesJob,
    name: str,
    path: Path,
    records: dict[str, FileRecord],
    told: _Told,
) -> None:
    reading = read_ct_with_notices(path)
    if reading.notices:
        told.notices[str(path)] = "; ".join(reading.notices)
    record = FileRecord(
        ct_sha256=reading.volume.sha256,
        model_sha256=job.model.checkpoint_sha256,
        form=job.form,
        files=_name_files(model, name, job.form),
    )
    if records.get(name) == record and all((job.out / f).is_file() for f in record.files):
        told.kept += 1
        return
    masks = predict_case(model, reading.volume)
    if job.form is FileForm.LABEL_MAP:
        contents = [_build_label_map(model, masks)]
    else:
        contents = [build_label_nifti(m.dense().astype(np.uint8), m.grid) for m in masks.values()]
    for file, content in zip(record.files, contents, strict=True):
        write_atomically(job.out / file, content)
    records[name] = record
    write_atomically(job.out / RECORD, _RECORDS.dump_json(records, indent=1))
    told.predicted += 1


def _read_records(path: Path) -> dict[str, FileRecord]:
    if not path.exists():
        return {}
    try:
        return _RECORDS.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise DataError(
            f"The record of earlier predictions was expected at {path}, found: {error}; delete "
            "the file to predict every CT again."
        ) from error


def _name_files(model: OpenModel, name: str, form: FileForm) -> tuple[str, ...]:
    if form is FileForm.LABEL_MAP:
        return (f"{name}.nii.gz",)
    return tuple(f"{name}/{structure}.nii.gz" for structure in model.labels)


def _build_label_map(model: OpenModel, masks: Mapping[str, StructureMask]) -> bytes:
    """One value per voxel: an inner structure before its container, else the first of the table."""
    grid = next(iter(masks.values())).grid
    values = np.zeros(grid.shape, dtype=np.uint8)
    inner = [name for name in masks if name in model.nested]
    for name in (*inner, *(n for n in masks if n not in inner)):
        mask = masks[name]
        region = values[mask.slices]
        region[mask.voxels & (region == 0)] = model.labels[name]
    return build_label_nifti(values, grid)


def _build_label_table(model: OpenModel) -> str:
    """The study's form of a label map: a container is the union of its values, `3|4`."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("structure", "values"))
    for name, value in model.labels.items():
        inner = [model.labels[i] for i, outer in model.nested.items() if outer == name]
        rows.writerow((name, "|".join(map(str, [value, *inner]))))
    return table.getvalue()
