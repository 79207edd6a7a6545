"""Warm-up, averaged weights, and a network with a residual encoder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
from torch import nn

from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.network.training.dataset import prepare_dataset
from han5k_review.retraining.network.training.schedule import AveragedWeights, WarmUpPoly
from han5k_review.retraining.network.training.training import use_average
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.store.study import Study


def rates(scheduler: PolyLRScheduler, epochs: int) -> list[float]:
    found = []
    for epoch in range(epochs):
        scheduler.step(epoch)
        found.append(scheduler.get_last_lr()[0])
    return found


def test_without_a_warm_up_the_rate_is_nnunets_and_with_one_it_grows_first() -> None:
    optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), 0.01)
    stock = rates(PolyLRScheduler(optimizer, 0.01, 10), 10)
    assert rates(WarmUpPoly(optimizer, 0.01, 10, 0), 10) == pytest.approx(stock)
    warm = rates(WarmUpPoly(optimizer, 0.01, 13, 3), 13)
    assert warm[:3] == pytest.approx([0.0025, 0.005, 0.0075])
    assert warm[3:] == pytest.approx(stock)


def test_the_average_follows_the_weights_and_goes_on_from_a_checkpoint() -> None:
    network = nn.Linear(1, 1, bias=False)
    average = AveragedWeights(0.5)
    for value in (1.0, 3.0, 5.0):
        with torch.no_grad():
            network.weight.fill_(value)
        average.follow(network)
    # decay 2/11 at the second step, 3/12 at the third: 3 - 4/11, then 5 - (5 - that) / 4
    second = 3 - 2 * 2 / 11
    assert average.weights["weight"].item() == pytest.approx(5 - (5 - second) * 0.25)
    other = AveragedWeights(0.5)
    other.resume(average.keep(), torch.device("cpu"))
    assert (other.steps, other.weights["weight"]) == (3, average.weights["weight"])
    final = {"network_weights": {}, "averaged": average.keep()}
    assert use_average(final)["network_weights"] is average.weights
    assert use_average({"network_weights": 1, "averaged": None})["network_weights"] == 1


@pytest.mark.training
def test_a_residual_network_is_planned_from_scratch(
    trained: tuple[Study, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, run_id = trained
    job = train_folder(study, run_id).read_job()
    assert isinstance(job, TrainJob)
    settings = replace(job.settings, architecture="residual")
    for name in ("raw", "preprocessed", "results"):  # where a job's launcher puts them
        monkeypatch.setenv(f"nnUNet_{name}", str(tmp_path / name))
    prepared = prepare_dataset(replace(job, settings=settings), tmp_path, lambda *_: None)
    network = prepared.plans["configurations"]["3d_fullres"]["architecture"]
    assert network["network_class_name"].endswith("ResidualEncoderUNet")
    assert network["arch_kwargs"]["n_blocks_per_stage"][:3] == (1, 3, 4)
    assert network["arch_kwargs"]["features_per_stage"][0] == settings.base_features
