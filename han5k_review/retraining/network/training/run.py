"""The process of a training: `python -m` this module, with the job folder as its argument."""

from __future__ import annotations

import sys

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobResult
from han5k_review.retraining.jobs.tasks import NetworkJob, TrainJob
from han5k_review.retraining.network.process import run_job
from han5k_review.retraining.network.training.training import train


def run(folder: JobFolder, job: NetworkJob) -> JobResult:
    """Train; ConfigError for another task."""
    if not isinstance(job, TrainJob):
        raise ConfigError(f"A training was expected in {folder.path}, found {job.task}.")
    return train(folder, job)


if __name__ == "__main__":
    sys.exit(run_job(sys.argv[1:], run))
