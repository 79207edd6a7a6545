"""Model folders: a trained model moved into the study and registered by its hash."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import replace

from han5k_review.errors import DataError, StorageError
from han5k_review.retraining.jobs.tasks import ModelFolder
from han5k_review.retraining.models.file_hash import hash_file
from han5k_review.retraining.models.model_check import check_model
from han5k_review.retraining.models.model_facts import read_facts
from han5k_review.store.study import Study
from han5k_review.store.tables import ModelVersion
from han5k_review.texts.paths import say_cause


def locate_model(study: Study, model: ModelVersion) -> ModelFolder:
    """Where a model version lies, with the hashes its files must have."""
    rule = read_facts(model).postprocessing
    return ModelFolder(
        folder=study.models / model.folder,
        checkpoint_sha256=model.checkpoint_sha256,
        postprocessing_sha256=None if rule is None else rule.sha256,
    )


def find_label_table(model: ModelFolder) -> dict[str, int] | None:
    """Structure -> value as the model's dataset.json has it; None when the files are gone."""
    if not model.checkpoint.exists():
        return None
    try:
        table = json.loads((model.folder / "dataset.json").read_text())["labels"]
    except (OSError, ValueError, KeyError):
        return None
    return {n: int(v) for n, v in table.items() if n not in ("background", "ignore")}


def keep_model(study: Study, name: str, trained: ModelFolder) -> ModelFolder:
    """Copy a trained model to `models/<name>`.

    DataError when its checkpoint has another hash, StorageError when the disk refuses.
    """
    found = hash_file(trained.checkpoint)
    if found != trained.checkpoint_sha256:
        raise DataError(
            f"The trained checkpoint {trained.checkpoint} was expected to have SHA-256 "
            f"{trained.checkpoint_sha256[:12]}, found {found[:12]}."
        )
    final = study.models / name
    kept = replace(trained, folder=final)
    if final.exists() and _is_whole(kept):
        return kept
    beside = study.models / f".{uuid.uuid4().hex}.tmp"
    try:
        shutil.copytree(trained.folder, beside)
        shutil.rmtree(final, ignore_errors=True)
        beside.rename(final)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise StorageError(
            f"The model {name} could not be kept in {final}: {say_cause(error)}."
        ) from error
    return kept


def _is_whole(model: ModelFolder) -> bool:
    try:
        check_model(model)
    except DataError:
        return False
    return True
