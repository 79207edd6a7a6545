"""A folder of CTs outside the study, predicted by one of its models: `han5k predict-files`."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from han5k_review.errors import DataError
from han5k_review.imaging.image_names import image_stem, image_suffix
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import FilesResult, JobOutcome
from han5k_review.retraining.jobs.tasks import FileForm, FilesJob
from han5k_review.retraining.jobs.watch import QUICK, Watch, follow_to_end
from han5k_review.retraining.models.model_check import check_model
from han5k_review.retraining.models.model_folders import locate_model
from han5k_review.retraining.settings import resolve_settings
from han5k_review.store.engine import reading
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion

_SEGMENTATION = ".seg.nrrd"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesReport:
    """How many CTs were predicted, how many had been before; a sentence for each odd file.

    `is_cancelled` when somebody stopped it: the same call goes on.
    """

    predicted: int
    kept: int
    failed: dict[str, str]
    notices: dict[str, str]
    is_cancelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesRequest:
    """Every CT in `source` (a file, or a folder with its folders), predicted into `out`."""

    model_id: int
    source: Path
    out: Path
    form: FileForm = FileForm.MASKS
    device: str = "cpu"


def predict_files(study: Study, request: FilesRequest, *, watch: Watch = QUICK) -> FilesReport:
    """Predict the CTs of a request; the study is only read.

    Called again it predicts what is new or changed. DataError for a model that is not in the study
    or whose files were changed, a source without images, two CTs of one name, and a process that
    broke off.
    """
    with reading(study.engine) as session:
        row = session.get(ModelVersion, request.model_id)
    if row is None:
        raise DataError(
            f"A model version {request.model_id} of the study was expected, found none."
        )
    model = locate_model(study, row)
    check_model(model)
    job = FilesJob(
        model=model,
        files=find_cts(request.source, request.out),
        out=request.out.resolve(),
        form=request.form,
        settings=resolve_settings("smoke" if request.device == "cpu" else "adapt"),
        device=request.device,
    )
    folder = JobFolder(path=study.runs / f"files-{uuid.uuid4().hex[:12]}")
    folder.write_job(job)
    try:
        result = follow_to_end(folder, watch)
    except DataError as error:
        raise DataError(f"{error} The same call goes on where it stopped.") from error
    shutil.rmtree(folder.path, ignore_errors=True)
    told = result.get(FilesResult)
    return FilesReport(
        predicted=told.predicted,
        kept=told.kept,
        failed=told.failed,
        notices=told.notices,
        is_cancelled=result.outcome is JobOutcome.CANCELLED,
    )


def find_cts(source: Path, out: Path) -> dict[str, Path]:
    """What is written of a CT begins with this name -> the CT; its place below `source`, no suffix.

    Hidden files, segmentations (.seg.nrrd) and everything below `out` are left out. DataError when
    there is none, `out` is `source` itself, or two files would be written to one place.
    """
    source, out = source.resolve(), out.resolve()
    if source == out:
        raise DataError(f"Another folder than that of the CTs was expected to write to: {out}.")
    if source.is_file():
        return {image_stem(source): source}
    found: dict[str, Path] = {}
    for path in sorted(source.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
        if hidden or out in path.parents or image_suffix(path) in (None, _SEGMENTATION):
            continue
        name = str(path.parent.relative_to(source) / image_stem(path))
        if name in found:
            raise DataError(
                f"Each CT under a name of its own was expected; {found[name]} and {path} would be "
                "written to one place. Move one of them."
            )
        found[name] = path
    if not found:
        raise DataError(
            f"CTs (NIfTI, NRRD or MetaImage files) were expected in {source}, found none."
        )
    return found
