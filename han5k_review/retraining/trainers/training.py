"""The training task: dataset, trainer, resume or parent's weights, and the published model."""

from __future__ import annotations

import random
import shutil
import time
from typing import Any

import numpy as np
import torch

from han5k_review.errors import DataError
from han5k_review.retraining.jobs import (
    JobFolder,
    JobResult,
    Outcome,
    TrainJob,
    visible_device,
)
from han5k_review.retraining.trainers.checkpoints import (
    CONFIGURATION,
    OWN_KEY,
    publish_weights,
    read_plain,
    read_weights,
)
from han5k_review.retraining.trainers.dataset import Prepared, prepare_dataset
from han5k_review.retraining.trainers.partial_trainer import PartialTrainer, TrainingStopped


def train(folder: JobFolder, job: TrainJob) -> JobResult:
    """Run the task to its end; goes on from the last epoch when there is one."""
    started = time.monotonic()

    def say(phase: str, done: int, of: int) -> None:
        if folder.stop_asked:
            raise TrainingStopped
        folder.write_progress({"phase": phase, "done": done, "of": of})

    try:
        prepared = prepare_dataset(job, folder.work, say)
        prepared_s = time.monotonic() - started
        trainer = _build_trainer(folder, job, prepared)
        _load_weights(job, trainer)
        trainer.run_training()
    except TrainingStopped:
        return JobResult(outcome=Outcome.CANCELLED, values={})
    sha256 = _publish(folder, trainer)
    return JobResult(
        outcome=Outcome.DONE,
        values={
            "checkpoint_sha256": sha256,
            "epochs": trainer.current_epoch,
            "nested": prepared.dataset[OWN_KEY]["nested"],
            "patch_zyx": [int(n) for n in trainer.configuration_manager.patch_size],
            "spacing_zyx_mm": [float(v) for v in trainer.configuration_manager.spacing],
            "prepare_seconds": round(prepared_s, 1),
            "seconds": round(time.monotonic() - started, 1),
        },
    )


def _build_trainer(folder: JobFolder, job: TrainJob, prepared: Prepared) -> PartialTrainer:
    trainer = PartialTrainer(
        plans={**prepared.plans, "continue_training": False},
        configuration=CONFIGURATION,
        fold=0,
        dataset_json=prepared.dataset,
        device=torch.device(visible_device(job)),
    )
    rate = job.settings.learning_rate_adapt if job.parent else job.settings.learning_rate
    trainer.set_up(
        job.settings,
        rate,
        {c.name: frozenset(c.masks) for c in job.cases},
        {c.name: c.weight for c in job.cases},
        lambda epoch: _report(folder, epoch),
        lambda: folder.stop_asked,
    )
    return trainer


def _load_weights(job: TrainJob, trainer: PartialTrainer) -> None:
    random.seed(job.settings.seed)
    np.random.seed(job.settings.seed)
    torch.manual_seed(job.settings.seed)
    trainer.initialize()
    for name in ("checkpoint_final.pth", "checkpoint_latest.pth"):
        path = trainer.checkpoint_folder / name
        if path.exists():
            trainer.resume(path)
            return
    if job.parent is None:
        return
    weights = read_weights(job.parent)["network_weights"]
    try:
        trainer.bare_network.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise DataError(
            f"The weights in {job.parent.folder} do not fit their own plans: {error}."
        ) from error


def _report(folder: JobFolder, epoch: dict[str, Any]) -> None:
    folder.add_epoch({**epoch, "disk_free_gb": round(shutil.disk_usage(folder.path).free / 1e9, 1)})
    seconds = [e["seconds"] for e in folder.list_epochs()]
    left = (epoch["of"] - epoch["epoch"]) * sum(seconds) / len(seconds)
    memory = torch.cuda.max_memory_reserved() / 1e9 if torch.cuda.is_available() else None
    folder.write_progress(
        {
            "phase": "training",
            **folder.list_epochs()[-1],
            "eta_seconds": round(left, 1),
            "device_memory_gb": None if memory is None else round(memory, 2),
        }
    )


def _publish(folder: JobFolder, trainer: PartialTrainer) -> str:
    """Copy plans, dataset and slim weights to the model folder; returns the weights' SHA-256."""
    results = trainer.checkpoint_folder.parent
    folder.model.mkdir(exist_ok=True)
    for name in ("plans.json", "dataset.json", "dataset_fingerprint.json"):
        shutil.copyfile(results / name, folder.model / name)
    final = read_plain(trainer.checkpoint_folder / "checkpoint_final.pth")
    return publish_weights(final, folder.model / "fold_0" / "checkpoint_final.pth")
