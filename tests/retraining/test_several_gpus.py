"""Several GPUs, played by two CPU processes: the loss is nnU-Net's, and a training ends whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.multiprocessing.spawn import start_processes

from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.launcher import job_environment
from han5k_review.retraining.jobs.tasks import TrainJob
from han5k_review.retraining.network.checkpoints import read_plain
from han5k_review.retraining.runs.run_folders import train_folder
from han5k_review.store.study import Study
from tests.retraining.ranks import (
    RANKS,
    make_batch,
    make_odd_batch,
    measure_odd_rank,
    measure_rank,
    ours,
    value_and_gradient,
)
from tests.retraining.warm_launcher import start_fork, warm_server

pytestmark = pytest.mark.training


def test_the_loss_over_two_processes_is_nnunets_and_that_of_one(tmp_path: Path) -> None:
    warm_server()
    start_processes(  # type: ignore[no-untyped-call]
        measure_rank, args=(str(tmp_path),), nprocs=RANKS, start_method="forkserver"
    )
    found = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(RANKS)]
    for one in found:
        torch.testing.assert_close(one["all"][0], one["theirs"][0], atol=1e-6, rtol=0)
        torch.testing.assert_close(one["all"][1], one["theirs"][1], atol=1e-7, rtol=1e-5)
    logits, target, trust = make_batch()
    whole, gradient = value_and_gradient(ours(ddp=False, trust=trust), logits, target)
    values = torch.stack([one["partial"][0] for one in found])
    torch.testing.assert_close(values.mean(), whole, atol=1e-6, rtol=0)
    # DDP averages the gradients of the ranks: each holds its own half of the batch
    halves = torch.cat([one["partial"][1] for one in found]) / RANKS
    torch.testing.assert_close(halves, gradient, atol=1e-7, rtol=1e-4)


def test_an_odd_batch_on_two_processes_is_that_of_one(tmp_path: Path) -> None:
    warm_server()
    start_processes(  # type: ignore[no-untyped-call]
        measure_odd_rank, args=(str(tmp_path),), nprocs=RANKS, start_method="forkserver"
    )
    values = [
        torch.load(tmp_path / f"odd-{rank}.pt", weights_only=True)[0] for rank in range(RANKS)
    ]
    logits, target, trust = make_odd_batch()
    whole, _ = value_and_gradient(ours(ddp=False, trust=trust), logits, target)
    # the Dice is that of all three cases on both; cross-entropy is each rank's own mean
    torch.testing.assert_close((2 * values[0] + values[1]) / 3, whole, atol=1e-6, rtol=0)


def test_a_training_on_two_processes_ends_with_one_whole_model(
    trained: tuple[Study, int], tmp_path: Path
) -> None:
    study, run_id = trained
    written = train_folder(study, run_id).read_job()
    assert isinstance(written, TrainJob)
    settings = replace(written.settings, epochs=1, iterations_per_epoch=2)
    job = replace(written, settings=settings)
    folder = JobFolder(path=tmp_path / "job")
    folder.write_job(job)
    # a process of its own: nnU-Net reads its folders from the environment when it is imported
    process = start_fork("tests.retraining.ranks", folder, job_environment(folder, job))
    assert process.wait() == 0, folder.log.read_text()
    assert [e["epoch"] for e in folder.list_epochs()] == [1], "one process reports"
    (checkpoint,) = folder.work.rglob("checkpoint_final.pth")
    kept = read_plain(checkpoint)
    assert kept["current_epoch"] == 1
    assert all(bool(torch.isfinite(w).all()) for w in kept["network_weights"].values())
    assert not any(name.startswith("module.") for name in kept["network_weights"])
