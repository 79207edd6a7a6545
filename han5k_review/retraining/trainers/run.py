"""The process of a training: `python -m han5k_review.retraining.trainers.run <job folder>`."""

from __future__ import annotations

import sys

from han5k_review.errors import ConfigError
from han5k_review.retraining.job_folders import JobFolder
from han5k_review.retraining.job_results import JobResult
from han5k_review.retraining.jobs import Job, TrainJob
from han5k_review.retraining.trainers.process import run_job
from han5k_review.retraining.trainers.training import train


def run(folder: JobFolder, job: Job) -> JobResult:
    """Train; ConfigError for another task."""
    if not isinstance(job, TrainJob):
        raise ConfigError(f"A training was expected in {folder.path}, found {job.task}.")
    return train(folder, job)


if __name__ == "__main__":
    sys.exit(run_job(sys.argv[1:], run))
