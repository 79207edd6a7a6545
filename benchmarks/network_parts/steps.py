"""A training step of stock nnU-Net and ours, in turns, on the same plans and batches."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch

from network_parts.patients import Ready

_BATCHES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StepTimes:
    """Medians of one step, in ms of this thread's CPU time."""

    stock_ms: float
    ours_ms: float
    batch: tuple[int, ...]

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.stock_ms


def time_steps(ready: Ready, rounds: int) -> StepTimes:
    """One step of each in turns, so that other work on the machine meets both alike."""
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    from han5k_review.retraining.network.training.training import build_trainer, load_weights

    torch.set_num_threads(1)
    ours = build_trainer(ready.folder, ready.job, ready.prepared)
    load_weights(ready.job, ours)
    stock = nnUNetTrainer(
        plans={**ready.prepared.plans, "continue_training": False},
        configuration="3d_fullres",
        fold=0,
        dataset_json=ready.prepared.dataset,
        device=torch.device("cpu"),
    )
    stock.initialize()
    loader, _ = ours.get_dataloaders()
    batches = [next(loader) for _ in range(_BATCHES)]
    found: dict[str, list[float]] = {"stock": [], "ours": []}
    for trainer in (stock, ours):
        trainer.network.train()
    for turn in range(rounds + 1):
        for name, trainer in (("stock", stock), ("ours", ours)):
            started = time.thread_time()
            trainer.train_step(batches[turn % _BATCHES])
            found[name].append(1000 * (time.thread_time() - started))
    _publish(ready, ours)
    return StepTimes(
        stock_ms=median(found["stock"][1:]),
        ours_ms=median(found["ours"][1:]),
        batch=tuple(batches[0]["data"].shape),
    )


def find_model(ready: Ready) -> Path:
    """The folder of the network that took the steps."""
    return ready.folder.path / "model"


def _publish(ready: Ready, ours: Any) -> None:
    from han5k_review.retraining.network.checkpoints import publish_weights

    folder = find_model(ready)
    folder.mkdir(exist_ok=True)
    dataset = dict(ready.prepared.dataset)
    dataset.pop("han5k_review", None)  # native resolution for both: stock knows no other
    for name, content in (
        ("plans", ready.prepared.plans),
        ("dataset", dataset),
        ("dataset_fingerprint", {}),
    ):
        (folder / f"{name}.json").write_text(json.dumps(content))
    weights = {
        "network_weights": ours.bare_network.state_dict(),
        "inference_allowed_mirroring_axes": None,
    }
    sha256 = publish_weights(weights, folder / "fold_0" / "checkpoint_final.pth")
    (folder / "sha256.txt").write_text(sha256)
