"""A model trained with stock nnU-Net, brought into the house's form without unpickling it."""

from __future__ import annotations

import json
from typing import Any

from nnunetv2.utilities.get_network_from_plans import get_network_from_plans
from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

from han5k_review.errors import ConfigError, DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import ImportResult, JobOutcome, JobResult
from han5k_review.retraining.jobs.tasks import ImportJob
from han5k_review.retraining.models.file_hash import hash_file
from han5k_review.retraining.models.network_shape import OWN_KEY
from han5k_review.retraining.network.checkpoints import (
    CONFIGURATION,
    publish_weights,
    read_foreign,
)
from han5k_review.texts.paths import say_cause

_NATIVE: dict[str, Any] = {"nested": {}, "working_spacing_mm": None, "crop_to_body": False}


def adopt_foreign(folder: JobFolder, job: ImportJob) -> JobResult:
    """Check the model, rename its labels, and write a slim copy to the job's model folder.

    ConfigError for another configuration than 3d_fullres or other label values than the job's,
    DataError for files that are not a model or weights that do not fit the plans.
    """
    checkpoint = job.source / f"fold_{job.fold}" / "checkpoint_final.pth"
    source_sha256 = hash_file(checkpoint)
    found = read_foreign(checkpoint)
    plans, dataset = (_read(job, name) for name in ("plans.json", "dataset.json"))
    if found.get("init_args", {}).get("configuration") != CONFIGURATION:
        raise ConfigError(f"A model of the configuration {CONFIGURATION} was expected.")
    renamed = _rename(dataset, job.labels)
    _check_weights(plans, renamed, found)
    folder.model.mkdir(exist_ok=True)
    prints = job.source / "dataset_fingerprint.json"
    texts = {
        "plans.json": json.dumps(plans, indent=1),
        "dataset.json": json.dumps(renamed, indent=1),
        "dataset_fingerprint.json": prints.read_text() if prints.exists() else "{}",
    }
    for name, text in texts.items():
        (folder.model / name).write_text(text)
    sha256 = publish_weights(found, folder.model / "fold_0" / "checkpoint_final.pth")
    values = ImportResult(checkpoint_sha256=sha256, source_sha256=source_sha256)
    return JobResult(outcome=JobOutcome.DONE, values=values)


def _read(job: ImportJob, name: str) -> dict[str, Any]:
    path = job.source / name
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise DataError(
            f"A file of an nnU-Net model was expected at {path}: {say_cause(error)}."
        ) from error
    return found


def _rename(dataset: dict[str, Any], labels: dict[str, int]) -> dict[str, Any]:
    values = {n: v for n, v in dataset["labels"].items() if n not in ("background", "ignore")}
    if sorted(labels.values()) != sorted(values.values()):
        raise ConfigError(f"A structure for each value of {values} was expected, found {labels}.")
    return {**dataset, "labels": {"background": 0, **labels}, OWN_KEY: _NATIVE}


def _check_weights(
    plans: dict[str, Any], dataset: dict[str, Any], checkpoint: dict[str, Any]
) -> None:
    manager = PlansManager(plans)
    configuration = manager.get_configuration(CONFIGURATION)
    network = get_network_from_plans(
        configuration.network_arch_class_name,
        configuration.network_arch_init_kwargs,
        configuration.network_arch_init_kwargs_req_import,
        len(dataset["channel_names"]),
        manager.get_label_manager(dataset).num_segmentation_heads,
        allow_init=False,
        deep_supervision=False,
    )
    try:
        network.load_state_dict(checkpoint["network_weights"], strict=True)
    except RuntimeError as error:
        raise DataError(f"Weights that fit plans.json were expected: {error}.") from error
