"""The full-size training that several checks share: its job, prepared once, its trainers, batches.

    python gpu_full.py

prepares it in GPU_WORK/full, in the background of the checks that do not need it.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from gpu_data import CHILD_CASES, list_labels, list_nested, read_patients
from gpu_results import Place, note, read_place

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import job_environment
from han5k_review.retraining.jobs.tasks import TrainCase, TrainJob
from han5k_review.retraining.settings import resolve_settings

_DROPPED = 6  # structures of the first case that nobody vouches for
_QUICK = {
    "base_features": 4,
    "max_features": 16,
    "memory_target_gb": 0.004,
    "decoder_convolutions": 1,
    "threads": 1,
    "foreground_share": 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """The prepared job; `prepared` is the product's own."""

    folder: JobFolder
    job: TrainJob
    prepared: Any


def full_settings(place: Place, **changed: object) -> Any:
    """nnU-Net's default network at native resolution; tiny with GPU_QUICK."""
    sizes = _QUICK if place.quick else {"threads": 8}
    plain = {"loader_processes": 0, "compile_network": False, "monitor_fraction": 0.0}
    return resolve_settings("adapt", {**plain, **sizes, **changed})


def make_job(place: Place, **changed: object) -> TrainJob:
    """All structures of two patients, but for some of the first one's."""
    patients = read_patients(place.work / "patients")
    cases = [patients.train_case(n, "reference") for n in CHILD_CASES[:2]]
    kept = dict(list(cases[0].masks.items())[_DROPPED:])
    cases[0] = TrainCase(name=cases[0].name, image_sha256=cases[0].image_sha256, masks=kept)
    return TrainJob(
        volumes=patients.volumes,
        masks=patients.labels,
        labels=list_labels(),
        inside=list_nested(),
        cases=tuple(cases),
        settings=full_settings(place, **changed),
        device=place.device,
    )


def full_folder(place: Place) -> JobFolder:
    return JobFolder(path=place.work / "full")


def prepare() -> None:
    """Plans and preprocessed cases, and `ready.json` last."""
    place = read_place()
    folder, job = full_folder(place), make_job(place)
    folder.path.mkdir(parents=True, exist_ok=True)
    os.environ.update(job_environment(folder, job))
    from han5k_review.retraining.network.training.dataset import prepare_dataset

    prepared = prepare_dataset(job, folder.work, lambda *words: note(f"full: {words}"))
    content = {"plans": prepared.plans, "dataset": prepared.dataset, "at": str(prepared.folder)}
    beside = folder.path / "ready.tmp"
    beside.write_text(json.dumps(content))
    beside.replace(folder.path / "ready.json")


def open_full(place: Place, patience_s: float = 120.0, **changed: object) -> Full:
    """The prepared job, waited for; call it before anything imports nnU-Net's paths."""
    folder, job = full_folder(place), make_job(place, **changed)
    os.environ.update(job_environment(folder, job))
    from han5k_review.retraining.network.training.dataset import Prepared

    ready, started = folder.path / "ready.json", time.monotonic()
    while not ready.exists():
        if time.monotonic() - started > patience_s:
            raise RuntimeError("The full-size data were expected to be prepared by now.")
        time.sleep(0.5)
    kept = json.loads(ready.read_text())
    prepared = Prepared(plans=kept["plans"], dataset=kept["dataset"], folder=Path(kept["at"]))
    return Full(folder=folder, job=job, prepared=prepared)


def make_ours(full: Full, **changed: object) -> Any:
    """The product's trainer, ready for steps."""
    from han5k_review.retraining.network.training.training import (
        build_trainer,
        load_weights,
        tune_convolutions,
    )

    job = replace(full.job, settings=replace(full.job.settings, **changed))  # type: ignore[arg-type]
    trainer = build_trainer(full.folder, job, full.prepared)
    tune_convolutions(job.device)
    load_weights(job, trainer)
    trainer.network.train()
    return trainer


def make_stock(full: Full) -> Any:
    """nnU-Net's own trainer on the same plans and data."""
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    trainer = nnUNetTrainer(
        plans={**full.prepared.plans, "continue_training": False},
        configuration="3d_fullres",
        fold=0,
        dataset_json=full.prepared.dataset,
        device=torch.device(full.job.device.partition(":")[0]),
    )
    trainer.initialize()
    trainer.network.train()
    return trainer


def draw_batches(trainer: Any, count: int) -> list[dict[str, Any]]:
    """Batches of the trainer's own loader, prepared in this process and pinned."""
    loader, _ = trainer.get_dataloaders()
    found = []
    for _ in range(count):
        batch = next(loader)
        if torch.cuda.is_available():
            batch["data"] = batch["data"].pin_memory()
            batch["target"] = [t.pin_memory() for t in batch["target"]]
        found.append(batch)
    return found


if __name__ == "__main__":
    prepare()
