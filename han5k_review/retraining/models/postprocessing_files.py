"""The postprocessing of a model: found from a job's contours, kept as a file of its folder."""

from __future__ import annotations

import hashlib

from pydantic import TypeAdapter, ValidationError

from han5k_review.errors import DataError
from han5k_review.imaging.pieces import share_of_largest
from han5k_review.retraining.jobs.piece_rule import (
    PieceCount,
    Postprocessing,
    RegisteredPostprocessing,
)
from han5k_review.retraining.jobs.tasks import ModelFolder, TrainJob
from han5k_review.retraining.models.postprocessing import WHOLE, decide_postprocessing
from han5k_review.store.files import write_atomically
from han5k_review.store.label_files import LabelFiles
from han5k_review.store.volume_files import VolumeFiles

_FILE = TypeAdapter(Postprocessing)


def count_pieces(job: TrainJob) -> dict[str, PieceCount]:
    """Count the contours of a job that show pieces, on the grid of their CT; empty ones do not."""
    shares: dict[str, list[float]] = {}
    volumes, masks = VolumeFiles(folder=job.volumes), LabelFiles(folder=job.masks)
    for case in job.cases:
        grid = volumes.get_index(case.image_sha256).grid
        for name in case.shows_pieces:
            mask = masks.get_mask(case.masks[name], grid)
            if not mask.is_empty:
                shares.setdefault(name, []).append(share_of_largest(mask.voxels))
    return {
        name: PieceCount(contours=len(found), one_piece=sum(s >= WHOLE for s in found))
        for name, found in shares.items()
    }


def derive_postprocessing(job: TrainJob) -> Postprocessing:
    """The rule of the model a job trains; empty when the run is to keep all pieces."""
    if not job.settings.keep_largest_piece:
        return Postprocessing()
    parent = Postprocessing() if job.parent is None else read_postprocessing(job.parent)
    return decide_postprocessing(tuple(job.labels), count_pieces(job), parent)


def write_postprocessing(model: ModelFolder, rule: Postprocessing) -> RegisteredPostprocessing:
    """Put the rule into the model's folder; returns it with the hash it is registered by."""
    content = _FILE.dump_json(rule, indent=1) + b"\n"
    write_atomically(model.postprocessing, content)
    return RegisteredPostprocessing(
        sha256=hashlib.sha256(content).hexdigest(),
        keep_largest=rule.keep_largest,
        counts=rule.counts,
        neighbours=rule.neighbours,
    )


def read_postprocessing(model: ModelFolder) -> Postprocessing:
    """The rule of a model, empty when none was registered; DataError when its file was changed."""
    if model.postprocessing_sha256 is None:
        return Postprocessing()
    try:
        content = model.postprocessing.read_bytes()
        rule = _FILE.validate_json(content)
    except (OSError, ValidationError) as error:
        raise DataError(
            f"The postprocessing of a model was expected at {model.postprocessing}, found: "
            f"{error}; restore the model folder."
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != model.postprocessing_sha256:
        raise DataError(
            f"The postprocessing {model.postprocessing} was registered with SHA-256 "
            f"{model.postprocessing_sha256[:12]}, found {found[:12]}; restore the model folder."
        )
    return rule
