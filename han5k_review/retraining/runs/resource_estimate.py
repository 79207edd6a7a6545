"""What a run needs of disk and memory, estimated before it starts. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from han5k_review.retraining.jobs.machine import Machine, gpu_numbers
from han5k_review.retraining.settings import RunSettings

_SPARE_DISK_GB = 1.0
_PREPROCESSED_BYTES = 6  # float32 HU and int16 labels, before compression
_CHECKPOINT_COPIES = 8  # latest, final and kept model; weights, gradients' moments
_FULL_WEIGHTS_GB = 0.125  # nnU-Net's 3d_fullres at 32 features
_FULL_FEATURES = 32
_PROCESS_GB = 1.5  # Python with torch and nnU-Net (1.1 were measured in a tiny run)
_LOADER_GB = 0.5
_VOXEL_BYTES = 28  # one case while it is resampled: HU twice in float32, once in float64, labels
_KEPT_BYTES = 8
_CPU_MEMORY_PER_TARGET = 2.0  # on a CPU the network's feature maps lie in main memory
_CUDA_CONTEXT_GB = 0.5
_VOXELS_PER_TARGET = 0.53e6  # a batch of 2 x 128^3 at 8 GB and 32 features
_LOSS_BYTES = 24  # a voxel of the batch and a class: logits, log-softmax, softmax, gradients
_BATCH_BYTES = 10  # a voxel of a batch on its way: HU in float32, labels on all scales
_WAITING_BATCHES = 9  # that nnU-Net's loaders keep ready, beside one or two in each process


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSize:
    """Voxels along i, j, k and their size."""

    shape_ijk: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Free space a run expects; `gpu_gb` is per GPU and 0 on a CPU.

    `shared_memory_gb` is room in /dev/shm, 0 when batches are prepared in the trainer.
    """

    disk_gb: float
    ram_gb: float
    gpu_gb: float
    shared_memory_gb: float = 0.0


def estimate_needs(
    teaching: Sequence[CaseSize],
    held_out: Sequence[CaseSize],
    classes: int,
    settings: RunSettings,
    device: str,
) -> Needs:
    """An upper estimate from the sizes of the cases and the settings of the network."""
    gpus = len(gpu_numbers(device))
    working = [_working_voxels(c, settings.working_spacing_mm) for c in teaching]
    weights_gb = _FULL_WEIGHTS_GB * (settings.base_features / _FULL_FEATURES) ** 2
    disk = sum(working) * _PREPROCESSED_BYTES / 1e9 + weights_gb * _CHECKPOINT_COPIES
    everything = [*teaching, *held_out]
    native = max((math.prod(c.shape_ijk) for c in everything), default=0)
    coarse = max((_working_voxels(c, settings.working_spacing_mm) for c in everything), default=0)
    at_once = 1 + min(settings.loader_processes, len(teaching))  # cases while they are prepared
    ram = _PROCESS_GB + at_once * native * _VOXEL_BYTES / 1e9 + coarse * 2 * classes / 1e9
    ram += max(1, gpus) * settings.loader_processes * _LOADER_GB
    if settings.working_spacing_mm is not None:
        ram += sum(working) * _KEPT_BYTES / 1e9
    if not gpus:
        ram += settings.memory_target_gb * _CPU_MEMORY_PER_TARGET
    batch = _batch_voxels(settings)
    loss_gb = batch * classes * _LOSS_BYTES / 1e9
    loaders = settings.loader_processes
    waiting = 2 * loaders + _WAITING_BATCHES if loaders else 0
    return Needs(
        disk_gb=_SPARE_DISK_GB + disk,
        ram_gb=ram,
        gpu_gb=settings.memory_target_gb + loss_gb + _CUDA_CONTEXT_GB if gpus else 0.0,
        shared_memory_gb=max(1, gpus) * waiting * batch * _BATCH_BYTES / 1e9,
    )


def _batch_voxels(settings: RunSettings) -> float:
    """About how many voxels nnU-Net's planner puts into a batch."""
    return _VOXELS_PER_TARGET * settings.memory_target_gb * _FULL_FEATURES / settings.base_features


def describe_needs(needs: Needs, free_gb: float, device: str) -> str:
    """What the run is expected to need, in a line; `free_gb` of the study's disk are free."""
    words = (
        f"On {device} it needs about {needs.disk_gb:.1f} GB of disk ({free_gb:.0f} GB are free) "
        f"and {needs.ram_gb:.1f} GB of memory"
    )
    return f"{words}, {needs.gpu_gb:.1f} GB on each GPU." if needs.gpu_gb else f"{words}."


def describe_disk_shortage(needs: Needs, free_gb: float, folder: str) -> list[str]:
    """One sentence when the disk is too full, else nothing."""
    if free_gb >= needs.disk_gb:
        return []
    return [
        f"{needs.disk_gb:.1f} GB of free disk were expected in {folder}, found {free_gb:.1f} GB; "
        "free space and start again."
    ]


def describe_machine_shortage(needs: Needs, machine: Machine, device: str) -> list[str]:
    """A sentence for each thing the machine lacks: memory, a GPU, memory of a GPU."""
    found = []
    if machine.ram_free_gb < needs.ram_gb:
        found.append(
            f"{needs.ram_gb:.1f} GB of free memory were expected on this machine, found "
            f"{machine.ram_free_gb:.1f} GB; close other programs, lower memory_target_gb or "
            "loader_processes, or choose a coarser working_spacing_mm."
        )
    room = machine.shared_memory_free_gb
    if room is not None and room < needs.shared_memory_gb:
        found.append(
            f"{needs.shared_memory_gb:.1f} GB of free room were expected in /dev/shm, found "
            f"{room:.2f} GB; enlarge it (a container: --shm-size), or set loader_processes to 0."
        )
    present = {gpu.index: gpu for gpu in machine.gpus}
    for number in gpu_numbers(device):
        gpu = present.get(number)
        if gpu is None:
            found.append(
                f"GPU {number} was expected for the device {device}, found "
                f"{_list_gpus(machine)}; choose another device, or cpu."
            )
        elif gpu.free_gb < needs.gpu_gb:
            found.append(
                f"{needs.gpu_gb:.1f} GB of free memory were expected on GPU {number}, found "
                f"{gpu.free_gb:.1f} of {gpu.total_gb:.1f} GB; wait until it is free, or lower "
                "memory_target_gb."
            )
    return found


def _list_gpus(machine: Machine) -> str:
    return ", ".join(f"GPU {gpu.index}" for gpu in machine.gpus) or "no GPU"


def _working_voxels(case: CaseSize, working_spacing_mm: float | None) -> int:
    """Voxels of the case as the network sees it (whole factors, as `working_grid` takes them)."""
    if working_spacing_mm is None:
        return math.prod(case.shape_ijk)
    factors = [max(1, math.floor(working_spacing_mm / mm + 1e-6)) for mm in case.spacing_mm]
    return math.prod(math.ceil(n / f) for n, f in zip(case.shape_ijk, factors, strict=True))
