"""One job in one process: read it, run it, say in its folder how it ended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

from han5k_review.errors import ConfigError, Han5kError
from han5k_review.retraining.jobs import Job, JobFolder, JobResult, Outcome

_OUT_OF_MEMORY = (
    "The device had not enough memory for this network; close other programs on it, or lower "
    "memory_target_gb, and start again."
)


def run_job(arguments: list[str], run: Callable[[JobFolder, Job], JobResult]) -> int:
    """Run the job of the folder that is the one argument; 0 when it ended in its own words."""
    folder = JobFolder(path=Path(arguments[0]))
    job = folder.read_job()
    torch.set_num_threads(job.settings.threads)
    try:
        _check_device(job.device)
        result = run(folder, job)
    except Han5kError as error:
        result = JobResult(outcome=Outcome.FAILED, error=str(error), values={})
    except torch.cuda.OutOfMemoryError:
        result = JobResult(outcome=Outcome.FAILED, error=_OUT_OF_MEMORY, values={})
    folder.write_result(result)
    return 0


def _check_device(device: str) -> None:
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"A GPU was expected for the device {device}, found none; use cpu.")
