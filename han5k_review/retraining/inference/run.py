"""The process of a prediction: `python -m han5k_review.retraining.inference.run <job folder>`."""

from __future__ import annotations

import sys

from han5k_review.errors import ConfigError
from han5k_review.retraining.inference.predicting import predict
from han5k_review.retraining.jobs import Job, JobFolder, JobResult, PredictJob
from han5k_review.retraining.trainers.process import run_job


def run(folder: JobFolder, job: Job) -> JobResult:
    """Predict; ConfigError for another task."""
    if not isinstance(job, PredictJob):
        raise ConfigError(f"A prediction was expected in {folder.path}, found {job.task}.")
    return predict(folder, job)


if __name__ == "__main__":
    sys.exit(run_job(sys.argv[1:], run))
