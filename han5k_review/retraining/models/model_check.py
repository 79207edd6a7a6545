"""A model's files, checked against their registered hashes without a database."""

from __future__ import annotations

from han5k_review.errors import DataError
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.models.file_hash import hash_file
from han5k_review.retraining.models.postprocessing_files import read_postprocessing


def check_model(model: ModelFolder) -> None:
    """DataError unless the files have the registered hashes; the checkpoint is not opened."""
    found = hash_file(model.checkpoint)
    if found != model.checkpoint_sha256:
        raise DataError(
            f"The checkpoint {model.checkpoint} was registered with SHA-256 "
            f"{model.checkpoint_sha256[:12]}, found {found[:12]}; restore the model folder."
        )
    read_postprocessing(model)
