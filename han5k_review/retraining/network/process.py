"""One job in one process: read it, run it, say in its folder how it ended."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import torch

from han5k_review.errors import ConfigError, Han5kError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobOutcome, JobResult
from han5k_review.retraining.jobs.tasks import NetworkJob, TreeImportJob

_OUT_OF_MEMORY = {
    "train": "The device {device} had not enough memory for this network (memory_target_gb was "
    "{target:g}); start it again with a lower memory_target_gb: it goes on from its last epoch.",
    "predict": "The device {device} had not enough memory to predict a case; close other programs "
    "on it or predict elsewhere, and ask again: the cases predicted so far are kept.",
    "predict-files": "The device {device} had not enough memory to predict a CT; close other "
    "programs on it or predict elsewhere, and ask again: the CTs predicted so far are kept.",
    "import": "The device {device} had not enough memory to read the model; close other programs "
    "on it, and import it again.",
}
_DISK_FULL = (
    "The disk was full while a file was written; free space and start it again: it goes on from "
    "its last epoch."
)
_MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")
_DISK_WORDS = ("PytorchStreamWriter failed writing", "No space left on device")


def run_job(arguments: list[str], run: Callable[[JobFolder, NetworkJob], JobResult]) -> int:
    """Run the job of the folder that is the one argument; 0 when it ended in its own words."""
    folder = JobFolder(path=Path(arguments[0]))
    job = folder.read_job()
    if isinstance(job, TreeImportJob):
        raise TypeError(f"A job of a network was expected in {folder.path}, found {job.task}.")
    torch.set_num_threads(job.settings.threads)
    try:
        _check_device(job.device)
        result = run(folder, job)
    except Han5kError as error:
        result = JobResult(outcome=JobOutcome.FAILED, error=str(error))
    except (MemoryError, OSError, RuntimeError) as error:
        sentence = explain_shortage(error, job)
        if sentence is None:
            raise
        result = JobResult(outcome=JobOutcome.FAILED, error=sentence)
    folder.write_result(result)
    return 0


def explain_shortage(error: Exception, job: NetworkJob) -> str | None:
    """What was missing, memory or disk; None for an error of another kind.

    PyTorch tells a full memory by its own exception on a GPU, by a plain RuntimeError on a CPU.
    """
    text = str(error)
    if isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or any(
        words in text for words in _MEMORY_WORDS
    ):
        target = job.settings.memory_target_gb
        return _OUT_OF_MEMORY[job.task].format(device=job.device, target=target)
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return _DISK_FULL if full or any(words in text for words in _DISK_WORDS) else None


def _check_device(device: str) -> None:
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"A GPU was expected for the device {device}, found none; use cpu.")
