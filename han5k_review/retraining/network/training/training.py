"""The training task: dataset, trainer, resume or parent's weights, and the published model."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import distributed
from torch.multiprocessing.spawn import ProcessException, start_processes

from han5k_review.errors import ConfigError, DataError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.machine import gpu_numbers
from han5k_review.retraining.jobs.results import JobOutcome, JobResult, TrainResult
from han5k_review.retraining.jobs.tasks import ModelFolder, TrainJob, visible_device
from han5k_review.retraining.models.network_shape import OWN_KEY
from han5k_review.retraining.models.postprocessing_files import (
    derive_postprocessing,
    write_postprocessing,
)
from han5k_review.retraining.network.checkpoints import (
    CONFIGURATION,
    publish_weights,
    read_plain,
    read_weights,
)
from han5k_review.retraining.network.training.dataset import Prepared, prepare_dataset
from han5k_review.retraining.network.training.mixing import Mixed, mix_with_parent
from han5k_review.retraining.network.training.partial_trainer import PartialTrainer, TrainingStopped


def train(folder: JobFolder, job: TrainJob) -> JobResult:
    """Run the task to its end; goes on from the last epoch when there is one."""
    started = time.monotonic()

    def say(phase: str, done: int, of: int) -> None:
        if folder.stop_asked:
            raise TrainingStopped
        folder.write_progress({"phase": phase, "done": done, "of": of})

    try:
        prepared = prepare_dataset(job, folder.work, say)
        say("counting pieces", 0, len(job.cases))
        rule = derive_postprocessing(job)
        prepared_s = time.monotonic() - started
        trainer = build_trainer(folder, job, prepared)
        ranks = len(gpu_numbers(job.device))
        if ranks > 1:
            train_on_ranks(folder, job, prepared, ranks)
        else:
            tune_convolutions(job.device)
            load_weights(job, trainer)
            trainer.run_training()
        final = use_average(read_plain(trainer.checkpoint_folder / "checkpoint_final.pth"))
        mixed = mix_with_parent(job, prepared, final["network_weights"], say)
    except TrainingStopped:
        return JobResult(outcome=JobOutcome.CANCELLED)
    sha256 = _publish(folder, trainer, final, mixed)
    published = ModelFolder(folder=folder.model, checkpoint_sha256=sha256)
    return JobResult(
        outcome=JobOutcome.DONE,
        values=TrainResult(
            checkpoint_sha256=sha256,
            postprocessing=write_postprocessing(published, rule),
            epochs=int(final["current_epoch"]),
            alpha=None if mixed is None else mixed.alpha,
            alpha_cases=0 if mixed is None else mixed.cases,
            alpha_dice={} if mixed is None else mixed.dice,
            gpus=ranks,
            nested=prepared.dataset[OWN_KEY]["nested"],
            patch_zyx=tuple(int(n) for n in trainer.configuration_manager.patch_size),
            spacing_zyx_mm=tuple(float(v) for v in trainer.configuration_manager.spacing),
            prepare_seconds=round(prepared_s, 1),
            seconds=round(time.monotonic() - started, 1),
            peak_ram_gb=round(_peak_ram_gb(), 2),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RankKind:
    """How the processes of one training start, what they talk through, and their trainer.

    Tests have their own kind.
    """

    start_method: str
    backend: str
    trainer: type[PartialTrainer]


GPU_RANKS = RankKind(start_method="spawn", backend="nccl", trainer=PartialTrainer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _RankTask:
    """What every one of `ranks` processes does, and the file through which they find each other."""

    path: Path
    job: TrainJob
    prepared: Prepared
    ranks: int
    kind: RankKind
    meeting: Path


def train_on_ranks(
    folder: JobFolder, job: TrainJob, prepared: Prepared, ranks: int, kind: RankKind = GPU_RANKS
) -> None:
    """One process per GPU, as nnU-Net's own `run_training` does.

    ConfigError when the planned batch has fewer cases than there are GPUs, TrainingStopped when
    somebody asked, RuntimeError with the words of the process that failed.
    """
    batch = int(prepared.plans["configurations"][CONFIGURATION]["batch_size"])
    if batch < ranks:
        raise ConfigError(
            f"A batch of at least {ranks} cases was expected for {ranks} GPUs, {batch} were "
            "planned; raise memory_target_gb, or train on fewer GPUs."
        )
    task = _RankTask(
        path=folder.path,
        job=job,
        prepared=prepared,
        ranks=ranks,
        kind=kind,
        meeting=folder.work / f"ranks-{uuid.uuid4().hex[:8]}",
    )
    try:
        start_processes(  # type: ignore[no-untyped-call]
            _run_rank, args=(task,), nprocs=ranks, start_method=kind.start_method
        )
    except ProcessException as error:
        if folder.stop_asked:
            raise TrainingStopped from error
        raise RuntimeError(str(error)) from error
    finally:
        task.meeting.unlink(missing_ok=True)


def _run_rank(rank: int, task: _RankTask) -> None:
    torch.set_num_threads(task.job.settings.threads)
    # Not by a file:// address, which would end at a `?` or `#` of the study's folder.
    store = distributed.FileStore(str(task.meeting), task.ranks)  # type: ignore[attr-defined]
    distributed.init_process_group(task.kind.backend, store=store, rank=rank, world_size=task.ranks)
    if task.kind.backend == "nccl":
        torch.cuda.set_device(rank)
    tune_convolutions(task.job.device)
    trainer = build_trainer(JobFolder(path=task.path), task.job, task.prepared, task.kind.trainer)
    load_weights(task.job, trainer)
    trainer.run_training()
    distributed.destroy_process_group()
    leave_process()


def tune_convolutions(device: str) -> None:
    """Let cuDNN choose the fastest convolutions on a GPU, as nnU-Net's own entry does."""
    if device.startswith("cuda"):
        torch.backends.cudnn.deterministic = False
        torch.backends.cudnn.benchmark = True


def leave_process() -> None:
    """End this process at once, with code 0; everything it made is on disk.

    PyTorch's DistributedDataParallel keeps its process group alive after
    `destroy_process_group` (seen in 2.14): the group's threads still run while the interpreter is
    taken apart, and now and then one of them aborts the process, which had done all its work.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def build_trainer(
    folder: JobFolder,
    job: TrainJob,
    prepared: Prepared,
    kind: type[PartialTrainer] = PartialTrainer,
) -> PartialTrainer:
    """The trainer of this process, set up by the job."""
    trainer = kind(
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
        lambda epoch: _report(folder, epoch) if trainer.local_rank == 0 else None,
        lambda: folder.stop_asked,
    )
    return trainer


def load_weights(job: TrainJob, trainer: PartialTrainer) -> None:
    """Initialise, then go on from the last epoch, or from the parent's weights.

    DataError when those do not fit their own plans.
    """
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
            "ram_gb": round(_peak_ram_gb(), 2),
            "device_memory_gb": None if memory is None else round(memory, 2),
        }
    )


def _peak_ram_gb() -> float:
    """The most memory this program held, without loader processes.

    Linux's VmHWM begins anew with the program; `ru_maxrss` may be that of who started it.
    """
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.exists() else ():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def use_average(final: dict[str, Any]) -> dict[str, Any]:
    """The last checkpoint with its averaged weights, where the run kept an average."""
    averaged = final.get("averaged")
    return final if averaged is None else {**final, "network_weights": averaged["weights"]}


def _publish(
    folder: JobFolder, trainer: PartialTrainer, final: dict[str, Any], mixed: Mixed | None
) -> str:
    """Copy plans, dataset and slim weights to the model folder; SHA-256 of the weights."""
    results = trainer.checkpoint_folder.parent
    folder.model.mkdir(exist_ok=True)
    for name in ("plans.json", "dataset.json", "dataset_fingerprint.json"):
        shutil.copyfile(results / name, folder.model / name)
    weights = final["network_weights"] if mixed is None else mixed.weights
    content = {**final, "network_weights": weights}
    return publish_weights(content, folder.model / "fold_0" / "checkpoint_final.pth")
