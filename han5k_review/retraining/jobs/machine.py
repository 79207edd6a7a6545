"""What this machine has for a run: memory and GPUs, asked without loading torch."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil

from han5k_review.errors import ConfigError
from han5k_review.texts.numbers import find_whole_number

AUTO = "auto"
_GPU_QUERY = "--query-gpu=index,memory.total,memory.free"
_GPU_PATIENCE_S = 10
# Its room is measured, nothing is written there.
_SHARED = Path("/dev/shm")  # nosec B108
_CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU as the driver lists it."""

    index: int
    total_gb: float
    free_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Free memory of this machine, or of the container it is, and its GPUs.

    `shared_memory_free_gb` is the room in /dev/shm, through which processes hand each other
    batches; None where there is no such folder.
    """

    ram_free_gb: float
    shared_memory_free_gb: float | None = None
    gpus: tuple[Gpu, ...] = ()


def look_at_machine() -> Machine:
    """Measure now. Without the NVIDIA driver's own tool there are no GPUs."""
    return Machine(
        ram_free_gb=measure_free_ram_gb(),
        shared_memory_free_gb=shutil.disk_usage(_SHARED).free / 1e9 if _SHARED.is_dir() else None,
        gpus=tuple(list_gpus()),
    )


def measure_free_ram_gb() -> float:
    """Free main memory of this machine, or of the container it is."""
    free = psutil.virtual_memory().available
    limit = _container_free(_CGROUP)
    return (free if limit is None else min(free, limit)) / 1e9


def list_gpus() -> list[Gpu]:
    """The GPUs `nvidia-smi` lists; none when it is missing or does not answer."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        answer = subprocess.run(
            [tool, _GPU_QUERY, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=_GPU_PATIENCE_S,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return read_gpu_table(answer)


def read_gpu_table(text: str) -> list[Gpu]:
    """Lines of `index, total MiB, free MiB`; lines of another form are left out."""
    found = []
    for line in text.splitlines():
        words = [word.strip() for word in line.split(",")]
        numbers = [n for n in map(find_whole_number, words) if n is not None]
        if len(words) == 3 and len(numbers) == 3:
            index, total, free = numbers
            mib = 2**20 / 1e9
            found.append(Gpu(index=index, total_gb=total * mib, free_gb=free * mib))
    return found


def choose_device(wanted: str) -> str:
    """`wanted`, checked; `auto` is the first GPU of this machine when there is one, else `cpu`.

    ConfigError for anything but `auto`, `cpu`, `cuda`, `cuda:0` or `cuda:0,1`.
    """
    if wanted == AUTO:
        gpus = list_gpus()
        return f"cuda:{gpus[0].index}" if gpus else "cpu"
    kind, _, numbers = wanted.partition(":")
    listed = (
        all(find_whole_number(n) is not None for n in numbers.split(","))
        if numbers
        else wanted == kind
    )
    if kind not in ("cpu", "cuda") or not listed or (kind == "cpu" and numbers):
        raise ConfigError(
            f"A device was expected: auto, cpu, cuda:0, or cuda:0,1 for two GPUs; found {wanted!r}."
        )
    return wanted


def gpu_numbers(device: str) -> tuple[int, ...]:
    """The GPUs a device names: (0, 1) for `cuda:0,1`, (0,) for `cuda`, none for `cpu`."""
    kind, _, numbers = device.partition(":")
    if kind != "cuda":
        return ()
    return tuple(int(n) for n in numbers.split(",")) if numbers else (0,)


def _container_free(folder: Path) -> int | None:
    """Bytes left below the memory limit of the container (cgroup 2), None without a limit."""
    try:
        limit = (folder / "memory.max").read_text().strip()
        used = int((folder / "memory.current").read_text())
        kept = dict(
            line.split() for line in (folder / "memory.stat").read_text().splitlines() if line
        )
    except (OSError, ValueError):
        return None
    if not limit.isdigit():
        return None
    return max(0, int(limit) - used + int(kept.get("inactive_file", 0)))
