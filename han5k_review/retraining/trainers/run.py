"""The process of one job: `python -m han5k_review.retraining.trainers.run <job folder>`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from han5k_review.errors import Han5kError
from han5k_review.retraining.inference.predicting import predict
from han5k_review.retraining.jobs import JobFolder, JobResult, Outcome, TrainJob
from han5k_review.retraining.trainers.training import train

_OUT_OF_MEMORY = (
    "The device had not enough memory for this network; close other programs on it, or lower "
    "memory_target_gb, and start again: finished epochs are kept."
)


def main(arguments: list[str]) -> int:
    """Run the job of the folder named by the one argument; 0 when it ended in its own words."""
    folder = JobFolder(path=Path(arguments[0]))
    job = folder.read_job()
    torch.set_num_threads(job.settings.threads)
    try:
        result = train(folder, job) if isinstance(job, TrainJob) else predict(folder, job)
    except Han5kError as error:
        result = JobResult(outcome=Outcome.FAILED, error=str(error), values={})
    except torch.cuda.OutOfMemoryError:
        result = JobResult(outcome=Outcome.FAILED, error=_OUT_OF_MEMORY, values={})
    folder.write_result(result)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
