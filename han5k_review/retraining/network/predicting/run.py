"""The process that predicts: `python -m` this module, with the job folder as its argument."""

from __future__ import annotations

import sys

from han5k_review.errors import ConfigError
from han5k_review.retraining.jobs.folders import JobFolder
from han5k_review.retraining.jobs.results import JobResult
from han5k_review.retraining.jobs.tasks import FilesJob, ImportJob, NetworkJob, TrainJob
from han5k_review.retraining.network.predicting.case_job import predict
from han5k_review.retraining.network.predicting.file_job import predict_each_file
from han5k_review.retraining.network.predicting.foreign import adopt_foreign
from han5k_review.retraining.network.process import run_job


def run(folder: JobFolder, job: NetworkJob) -> JobResult:
    """Predict cases or files, or bring a foreign model in; ConfigError for another task."""
    if isinstance(job, TrainJob):
        raise ConfigError(f"A prediction was expected in {folder.path}, found {job.task}.")
    if isinstance(job, ImportJob):
        return adopt_foreign(folder, job)
    return predict_each_file(folder, job) if isinstance(job, FilesJob) else predict(folder, job)


if __name__ == "__main__":
    sys.exit(run_job(sys.argv[1:], run))
